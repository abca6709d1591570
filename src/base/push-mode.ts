/** How a push was asked for: `sync` waits for delivery, `async` for admission only. */
export const PUSH_MODES = ['sync', 'async'] as const

/** See {@link PUSH_MODES}. */
export type PushMode = (typeof PUSH_MODES)[number]
