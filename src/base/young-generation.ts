/**
 * Limits the size of V8's young generation, the memory for new objects. By default V8 doubles it under any load, up to
 * two halves of 16 or 32 MiB. Pushes do not need that much: very little is still in use when V8 collects garbage.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** V8 may always grow each half of the young generation up to this size, bytes. */
export const USUAL_BYTES = 4 * 1_048_576
/** A half consists of pages of this size, bytes. V8 uses some bytes of each page itself. */
const PAGE_BYTES = 262_144
/** A half is too full if more than this share is in use after a collection: V8 copies what is in use. */
const MAX_SHARE_IN_USE = 1 / 8
/** The halves may grow once collections that left them too full outnumber the others by this number. */
const COLLECTIONS_TOO_FULL = 32

/** With the first, V8 doubles the young generation when it is too small; with the second, it does not grow. */
const MAY_GROW = '--semi-space-growth-factor=2'
const MAY_NOT_GROW = '--semi-space-growth-factor=1'

/** Decides after each collection whether the young generation may grow. */
export class YoungGenerationPolicy {
  #tooFull = 0
  #capacity = 0

  /**
   * @param usedBytes - of one half, soon after a collection: what survived it, and what was created since.
   * @param capacityBytes - the size of one half.
   */
  mayGrow(usedBytes: number, capacityBytes: number): boolean {
    if (capacityBytes !== this.#capacity) this.#tooFull = 0
    this.#capacity = capacityBytes
    if (capacityBytes + PAGE_BYTES <= USUAL_BYTES) return true
    this.#tooFull += usedBytes > capacityBytes * MAX_SHARE_IN_USE ? 1 : -1
    this.#tooFull = Math.min(Math.max(this.#tooFull, 0), COLLECTIONS_TOO_FULL)
    return this.#tooFull === COLLECTIONS_TOO_FULL
  }
}

/**
 * Limits the young generation of this process from now on, unless an option of Node.js sets its size.
 *
 * V8 reads the growth factor each time that the young generation could grow. It reads the largest size, the other way to
 * limit it, only when the process starts.
 */
export function boundYoungGeneration(): void {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  if (/semi[-_]space/.test(options)) return
  const policy = new YoungGenerationPolicy()
  let mayGrow = false
  setFlagsFromString(MAY_NOT_GROW)
  new PerformanceObserver(() => {
    const { used, capacity } = youngGeneration()
    const before = mayGrow
    mayGrow = policy.mayGrow(used, capacity)
    if (mayGrow !== before) setFlagsFromString(mayGrow ? MAY_GROW : MAY_NOT_GROW)
  }).observe({ entryTypes: ['gc'] })
}

function youngGeneration(): { readonly used: number; readonly capacity: number } {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  const { space_used_size: used = 0, space_available_size: available = 0 } = space ?? {}
  return { used, capacity: used + available }
}
