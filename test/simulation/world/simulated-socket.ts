import { Duplex } from 'node:stream'

/** One direction of a connection. What goes in comes out in that order, some time later. */
export interface Wire {
  /** @param onTaken - called when there is room for more. */
  send(chunk: Buffer, onTaken: () => void): void
  /** The sender sends no more. */
  finish(): void
  /** The sender is gone: what arrives for it from now on is answered with a reset. */
  leave(): void
  /** Breaks the connection; what is under way is lost. */
  reset(): void
}

/**
 * A TCP socket as far as kafkajs, the embedded broker and Node's HTTP use one, whose other end is in
 * this process. It speaks of the network in {@link Wire}s: what goes out goes into one, what comes in
 * comes out of the other.
 */
export class SimulatedSocket extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  bytesRead = 0
  readonly #defer: (task: () => void) => void
  readonly #inbox: (Buffer | null)[] = []
  #wire: Wire | undefined
  #isHungry = false
  #isFinished = false
  #isReset = false
  #heldWrite: (() => void) | undefined

  /** @param defer - runs a task in a later turn of the event loop. */
  constructor(defer: (task: () => void) => void) {
    super({ allowHalfOpen: false })
    this.#defer = defer
  }

  /** Connects it. Writes before that wait, as on a socket that is connecting. */
  attach(wire: Wire): void {
    this.#wire = wire
    this.#heldWrite?.()
    this.#heldWrite = undefined
  }

  /** Something arrived; null is the end. */
  receive(chunk: Buffer | null): void {
    this.bytesRead += chunk?.length ?? 0
    this.#inbox.push(chunk)
    if (this.#isHungry) this._read()
  }

  /** The other end broke the connection, or was never there. */
  fail(code: 'ECONNRESET' | 'ECONNREFUSED' | 'EPIPE'): void {
    this.#isReset = true
    this.destroy(Object.assign(new Error(`simulated ${code}`), { code }))
  }

  /** As in `net.Socket`. */
  resetAndDestroy(): this {
    this.#isReset = true
    this.#wire?.reset()
    return this.destroy()
  }

  override _read(): void {
    this.#isHungry = true
    while (this.#isHungry && this.#inbox.length > 0) {
      this.#isHungry = this.push(this.#inbox.shift())
    }
  }

  override _write(chunk: Buffer, _encoding: string, callback: (error?: Error) => void): void {
    const send = (): void => {
      this.#wire?.send(chunk, callback)
    }
    if (this.#wire) send()
    else this.#heldWrite = send
  }

  override _final(callback: () => void): void {
    this.#isFinished = true
    this.#wire?.finish()
    callback()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#isReset && !this.#isFinished) this.#wire?.finish()
    this.#wire?.leave()
    this.#defer(() => {
      callback(error)
    })
  }

  /** What follows is of no consequence here. */
  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
