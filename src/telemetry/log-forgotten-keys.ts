import type { IdempotencyMetrics } from './metrics/idempotency-metrics.ts'
import type { Logger } from './logging.ts'

/** Logs and counts idempotency keys that were forgotten before their time. */
export function logForgottenKeys(
  logger: Pick<Logger, 'limited'>,
  metrics: Pick<IdempotencyMetrics, 'forgotten'> | undefined,
): () => void {
  return () => {
    metrics?.forgotten()
    const message =
      'an idempotency key is forgotten before http.idempotency.window_ms is over: who repeats its push now produces it again; raise http.idempotency.max_keys, unless large replies fill the 64 MiB for them'
    logger.limited('warn', 'idempotency key forgotten', message)
  }
}
