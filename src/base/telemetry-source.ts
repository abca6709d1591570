/** One kind of telemetry of a process: metrics, statistics; what it is now, as data for another process. */
export interface TelemetrySource<Data> {
  take(): Data | Promise<Data>
}

/** The same of several processes as that of one. */
export interface TelemetryMerger<Data, Merged> {
  /** Keeps what must stay of a process that has ended. */
  keep(last: Data): void
  /** Merges what running processes have with what was kept. */
  merge(running: readonly Data[]): Merged
}
