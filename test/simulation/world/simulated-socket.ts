import { Duplex } from 'node:stream'

/** One direction of a connection. Data arrives in order, after a delay. */
export interface Wire {
  /** @param onTaken - called when there is room for more. */
  send(chunk: Buffer, onTaken: () => void): void
  /** The sender has finished. */
  finish(): void
  /** The sender has closed: data that arrives for it is answered with a reset. */
  leave(): void
  /** Breaks the connection; data in transit is lost. */
  reset(): void
}

/**
 * The parts of a TCP socket that kafkajs, the embedded broker and Node's HTTP use, with the other end in this
 * process. It writes to one {@link Wire} and reads from the other.
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

  /** Connects it. Earlier writes wait, as on a connecting socket. */
  attach(wire: Wire): void {
    this.#wire = wire
    this.#heldWrite?.()
    this.#heldWrite = undefined
  }

  /** Data arrived; null is the end. */
  receive(chunk: Buffer | null): void {
    this.bytesRead += chunk?.length ?? 0
    this.#inbox.push(chunk)
    if (this.#isHungry) this._read()
  }

  /** The other end broke the connection, or never existed. */
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

  /** The following methods have no effect. */
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
