/** Formats of the log; `auto` is `pretty` on a terminal, else `json`. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const

/** See {@link LOG_FORMATS}. */
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Log levels; each includes those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** See {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]
