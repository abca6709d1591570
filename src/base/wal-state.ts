/** The state of a write-ahead log. */
export interface WalState {
  /** Accepted records that Kafka does not have; of earlier processes, those that were read. */
  readonly pendingRecords: number
  /** Size of the log, and its limit. */
  readonly bytes: number
  readonly limitBytes: number
  readonly segments: number
  /** Whether the last push was accepted. */
  readonly isAccepting: boolean
}
