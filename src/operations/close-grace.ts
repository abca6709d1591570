/** How long the operations port waits for replies in progress when it is closed, ms. */
export const CLOSE_GRACE_MS = 1000
