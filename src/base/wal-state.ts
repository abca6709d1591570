/** Whether a log takes pushes: `full` and `failed` say why not, `closed` that it is not open yet. */
export const WAL_CONDITIONS = ['accepting', 'full', 'failed', 'closed'] as const
export type WalCondition = (typeof WAL_CONDITIONS)[number]

/** The state of a write-ahead log. */
export interface WalState {
  /** Accepted records that Kafka does not have; of earlier processes, those that were read. */
  readonly pendingRecords: number
  /** How long ago the oldest of them was accepted, to the second, ms; 0 if there are none. */
  readonly oldestAgeMs: number
  /** What the disk has free, and its size; `undefined` if that is not known. */
  readonly freeBytes: number | undefined
  readonly diskBytes: number | undefined
  /** Size of the log, and its limit. */
  readonly bytes: number
  readonly limitBytes: number
  readonly segments: number
  /** Size of the files with records that Kafka does not have. */
  readonly pendingBytes: number
  /** Whether the last push was accepted, or why not. */
  readonly condition: WalCondition
}
