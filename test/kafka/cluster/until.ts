/** Ways to wait: for something outside this process, and for several things at once. */
import { setTimeout as sleep } from 'node:timers/promises'

const pollIntervalMs = 50

/**
 * Repeats `attempt` until it resolves to something other than undefined, and resolves to that. An
 * attempt that rejects counts as "not yet"; its reason becomes the cause when time runs out.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  attempt: () => Promise<T | undefined>,
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
    await sleep(pollIntervalMs)
  } while (performance.now() < deadlineMs)
  throw new Error(`Timed out after ${timeoutMs} ms waiting for ${what}`, { cause })
}

/** Thrown by an attempt to say that waiting longer is of no use. */
export class WaitAborted extends Error {}

/** Like `Promise.all`, but also when one rejects it waits for the others before it does so too. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}
