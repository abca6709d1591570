/** Exit codes; codes above 1 are those of BSD's sysexits. */
export const EXIT_CODES = {
  ok: 0,
  /** Records that were in the queue at the shutdown were lost, or kprf failed. */
  failed: 1,
  /** EX_USAGE: no such command. */
  usage: 64,
  /** EX_CONFIG: the configuration is wrong. */
  config: 78,
} as const
