/**
 * Why a connection to a broker ended that kprf did not mean to end: no answer in time, a reset, by the broker, or an
 * answer that made no sense.
 */
export const CONNECTION_ENDS = ['timeout', 'reset', 'closed', 'malformed'] as const

/** See {@link CONNECTION_ENDS}. */
export type ConnectionEnd = (typeof CONNECTION_ENDS)[number]
