import type { Entry } from './log-types.ts'
import type { Place } from './segment.ts'

/** Memory of the frames, and of what is kept of each, bytes. Those beyond are read from the disk. */
const MAX_BYTES = 8 * 2 ** 20
const ENTRY_BYTES = 256
/** So many places of taken frames are freed together: moving the others for each would take long. */
const MIN_FREED = 1_024

/** The frames that were appended last, so that a feeder that keeps up reads nothing from the disk. */
export class Tail {
  /** Those before the head are taken. */
  #entries: (Entry | undefined)[] = []
  #head = 0
  #bytes = 0

  /** Adds a frame behind all others, and forgets the oldest if they are too many. */
  push(entry: Entry): void {
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry)
    while (this.#bytes > MAX_BYTES) this.#shift()
  }

  /** Takes the frame at this place, if it is there. Frames before it are forgotten. */
  take({ segment, at }: Place): Entry | undefined {
    for (let entry = this.#entries[this.#head]; entry; entry = this.#entries[this.#head]) {
      const { place } = entry
      const isSame = place.segment === segment
      if (place.segment.number > segment.number || (isSame && place.at > at)) return undefined
      this.#shift()
      if (isSame && place.at === at) return entry
    }
    return undefined
  }

  #shift(): void {
    const entry = this.#entries[this.#head]
    if (entry) this.#bytes -= bytesOf(entry)
    this.#entries[this.#head] = undefined
    this.#head += 1
    if (this.#head < MIN_FREED || this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}

function bytesOf({ payload }: Entry): number {
  return ENTRY_BYTES + payload.length
}
