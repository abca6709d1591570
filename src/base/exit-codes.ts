/** Exit codes; codes above 1 are those of BSD's sysexits. */
export const EXIT_CODES = {
  ok: 0,
  /** Records that were in the queue at the shutdown were lost, or kprf failed. */
  failed: 1,
  /** EX_USAGE: no such command. */
  usage: 64,
  /** EX_DATAERR: files of the write-ahead log are damaged. */
  damaged: 65,
  /** EX_TEMPFAIL: another process uses what the command would change; it works once that has ended. */
  inUse: 75,
  /** EX_CONFIG: the configuration is wrong. */
  config: 78,
} as const
