import type { Segment } from './segment.ts'

/** One push on its way to the disk. */
export interface Append {
  /** The payload is in place; the header is not. */
  readonly frame: Buffer
  readonly payloadBytes: number
  /** Of the client's key, with which the payload begins. */
  readonly keyBytes: number
  readonly recordCount: number
  readonly acceptedMs: number
}

/** Pushes that are written together: one write and one sync serve all of them. */
export class Group {
  readonly appends: Append[] = []
  bytes = 0
  readonly #done = Promise.withResolvers<Segment>()

  /** Resolves with the segment that has them, once they are as durable as `wal.sync` says. Rejects with a LogError if they are not accepted. */
  get done(): Promise<Segment> {
    return this.#done.promise
  }

  add(append: Append): void {
    this.appends.push(append)
    this.bytes += append.frame.length
  }

  accept(segment: Segment): void {
    this.#done.resolve(segment)
  }

  refuse(error: Error): void {
    this.#done.reject(error)
  }
}
