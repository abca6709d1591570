/** How much is logged: each level includes those before it. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
