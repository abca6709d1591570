import { ERROR_CODES, type ErrorCode } from '../../base/errors.ts'
import { REMEDIES } from '../../base/remedies.ts'

/** A meaning, and what to do. */
interface ProblemKind {
  readonly meaning: string
  readonly remedy: string
}

/** What operators should know, and clients are not told. */
const OWN_KINDS = {
  BROKER_CONNECTION: {
    meaning: 'kprf cannot use a broker.',
    remedy:
      'Check that the broker runs, and that the address it advertises (`advertised.listeners`) can be reached from here.',
  },
  BROKER_THROTTLES: {
    meaning: 'A broker makes kprf wait, because of a quota.',
    remedy: 'Raise the quota of the user or `client.id` of kprf in Kafka, or push less.',
  },
  SENT_AGAIN: {
    meaning: 'Batches failed and are sent again.',
    remedy:
      'Nothing is lost so far: kprf tries again for `kafka.message_timeout_ms`. If it goes on, look at the brokers and their logs.',
  },
  DEAD_LETTER: {
    meaning: 'Kafka refused a record of the write-ahead log for good.',
    remedy: 'It is kept: look at it with `kprf dead-letters list`, then replay or drop it.',
  },
  LOG_DAMAGED: {
    meaning: 'A file of the write-ahead log is damaged, and records in it are lost.',
    remedy: 'Check the disk. `kprf wal inspect` shows the file, which is kept as `.damaged`.',
  },
  LOG_TROUBLE: {
    meaning: 'An operation of the write-ahead log failed.',
    remedy: 'Check that the disk of `wal.dir` has room and that kprf may write to it.',
  },
  WORKER_DIED: {
    meaning: 'A worker died and was replaced.',
    remedy:
      'The log of kprf says how it ended. If it was killed (SIGKILL), the machine may be out of memory: give kprf more, or use fewer `workers`.',
  },
} as const satisfies Record<string, ProblemKind>

/** The name of a problem. */
export type ProblemCode = ErrorCode | keyof typeof OWN_KINDS

/** What a problem means, and what to do. */
export function kindOf(code: ProblemCode): ProblemKind {
  return isErrorCode(code)
    ? { meaning: ERROR_CODES[code], remedy: REMEDIES[code] }
    : OWN_KINDS[code]
}

/** Whether a name is that of an error code. */
export function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERROR_CODES, name)
}
