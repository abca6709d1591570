/** Log levels; each includes those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** See {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]
