/** Failures of the sources of the operations port. */
import type { Logger } from '../telemetry/logging/logger.ts'

/** The text of a reply with status 500. */
export const BUG_MESSAGE = 'A bug in kprf.'

/** A source failed, for a reason that is in the log already or soon will be. */
export class SourceFailure extends Error {
  readonly status: 500 | 503

  constructor(status: 500 | 503, message: string) {
    super(message)
    this.name = 'SourceFailure'
    this.status = status
  }
}

/** Logs the error behind a reply with status 500. */
export function logFailure(logger: Pick<Logger, 'limited'>, error: unknown): void {
  logger.limited('error', 'operations', 'the operations port failed', { error })
}
