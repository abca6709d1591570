/** Ways to wait: for what can only be looked at again and again, with a bound, and for several things at once. */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_INTERVAL_MS = 20

/**
 * Repeats `attempt` until it resolves to something other than undefined, and resolves to that. An
 * attempt that rejects counts as "not yet"; its reason becomes the cause when time runs out.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  attempt: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  let cause: unknown
  do {
    try {
      const result = await attempt()
      if (result !== undefined) return result
      cause = undefined
    } catch (error) {
      if (error instanceof WaitAborted) throw error
      cause = error
    }
    await sleep(POLL_INTERVAL_MS)
  } while (performance.now() < deadlineMs)
  throw new Error(`Timed out after ${timeoutMs} ms waiting for ${what}`, { cause })
}

/** Thrown by an attempt to say that waiting longer is of no use. */
export class WaitAborted extends Error {}

/**
 * Reads again and again until what is read is as awaited, and resolves to that; after `timeoutMs` to what was
 * read last, so that a test can show what is wrong with it.
 */
export async function readUntil<T>(
  isAwaited: (value: T) => boolean,
  timeoutMs: number,
  read: () => Promise<T>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const value = await read()
    if (isAwaited(value) || performance.now() > deadlineMs) return value
    await sleep(POLL_INTERVAL_MS)
  }
}

/** Like the promise, but rejects with `error` once it has taken longer than that. */
export async function within<T>(
  timeoutMs: number,
  promise: Promise<T>,
  error: () => Error,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(error())
  }, timeoutMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Like `Promise.all`, but also when one rejects it waits for the others before it does so too. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
