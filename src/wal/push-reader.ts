import type { ProducerRecord } from '../producer/types.ts'
import { frameBytes, readFrame } from './frame.ts'
import type { LoggedPush } from './log-types.ts'
import { readRecords } from './records.ts'
import type { Segment } from './segment.ts'
import type { Storage } from './storage.ts'

/** How much is read at a time, bytes: what fails mostly lies together. */
const WINDOW_BYTES = 256 * 2 ** 10

/** Reads single pushes again, one after the other: while the producer has their records, the log does not hold them. */
export class PushReader {
  readonly #storage: Storage
  #lastTurn: Promise<unknown> = Promise.resolve()
  #window: { readonly segment: Segment; readonly at: number; readonly bytes: Buffer } | undefined

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /**
   * The records of a push; `undefined` if its bytes are damaged.
   *
   * @throws the error of the operating system.
   */
  read(push: LoggedPush): Promise<readonly ProducerRecord[] | undefined> {
    const turn = this.#lastTurn.then(() => this.#read(push))
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  async #read({ place, header }: LoggedPush): Promise<readonly ProducerRecord[] | undefined> {
    const { segment, at } = place
    const length = frameBytes(header.payloadBytes)
    let window = this.#window
    const isInside =
      window?.segment === segment &&
      at >= window.at &&
      at + length <= window.at + window.bytes.length
    if (!window || !isInside) {
      const bytes = await segment.read(this.#storage, at, Math.max(length, WINDOW_BYTES))
      this.#window = window = { segment, at, bytes }
    }
    const frame = readFrame(window.bytes, at - window.at, segment.salt)
    return frame.kind === 'frame' ? readRecords(frame.payload, header.recordCount) : undefined
  }
}
