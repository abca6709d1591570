import type { Logger } from '../../../telemetry/logging.ts'
import type { KeySourceListener } from './key-source.ts'

/** Counts the attempts to read the keys. */
export interface KeyMetrics {
  keysRead(outcome: 'success' | 'failure'): void
}

/**
 * Logs and counts what becomes of the keys that verify JSON Web Tokens.
 *
 * @param where - the key of the configuration that says where they are.
 */
export function logKeys(
  logger: Pick<Logger, 'info' | 'warn'>,
  metrics: KeyMetrics,
  where: string,
): KeySourceListener {
  let isKnown = false
  let hasFailed = false
  return {
    onLoaded({ size }, isNew) {
      metrics.keysRead('success')
      if (isNew || hasFailed) logger.info(`the keys of ${where} were read`, { keys: size })
      isKnown = true
      hasFailed = false
    },
    onFailed(reason, retryInMs) {
      metrics.keysRead('failure')
      hasFailed = true
      const effect = isKnown
        ? 'tokens of known keys are accepted, those of newer keys are not'
        : 'JSON Web Tokens are answered 503'
      logger.warn(
        `the keys of ${where} cannot be read: check that kprf reaches them, and that they are a JSON Web Key Set`,
        { reason, effect, retry_in_ms: retryInMs },
      )
    },
  }
}
