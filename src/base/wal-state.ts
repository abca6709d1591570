/** The state of a write-ahead log. */
export interface WalState {
  /** Accepted records that Kafka does not have; of earlier processes, those that were read. */
  readonly pendingRecords: number
  /** How long ago the oldest of them was accepted, to the second, ms; 0 if there are none. */
  readonly oldestAgeMs: number
  /** What the disk has free; `undefined` if that is not known. */
  readonly freeBytes: number | undefined
  /** Size of the log, and its limit. */
  readonly bytes: number
  readonly limitBytes: number
  readonly segments: number
  /** Whether the last push was accepted. */
  readonly isAccepting: boolean
}
