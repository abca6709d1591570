import type { Clock } from '../base/clock.ts'

/** Limits of a {@link ByteBudget}. */
export interface ByteBudgetOptions {
  readonly maxBytes: number
  /** Limit for one client address. @defaultValue no limit */
  readonly maxBytesPerClient?: number
  /** A body that brings less than `progressBytes` in this time has stalled, ms. Others may take its memory. */
  readonly stalledMs: number
  readonly progressBytes: number
  readonly clock: Pick<Clock, 'nowMs'>
}

/** `full`: the budget has no room. `clientFull`: the share of the client address has no room. */
export type Taking = 'taken' | 'full' | 'clientFull'

/** The totals of one address. */
interface ClientShare {
  heldBytes: number
  /**
   * The bodies that are arriving, longest without progress first; `undefined` until there is one, which is rare.
   */
  arriving: Set<HeldBytes> | undefined
}

/**
 * Limits the bytes of request bodies in memory. Each client address has a share, and a body that stopped arriving
 * loses its memory if another body needs it.
 */
export class ByteBudget {
  readonly #maxBytesPerClient: number
  readonly #stalledMs: number
  readonly #clock: Pick<Clock, 'nowMs'>
  /** Has only clients that hold bytes. */
  readonly #clients = new Map<string, ClientShare>()
  /** The arriving bodies of all clients, longest without progress first. */
  readonly #arriving = new Set<HeldBytes>()
  #heldBytes = 0

  readonly maxBytes: number
  readonly progressBytes: number

  constructor(options: ByteBudgetOptions) {
    this.maxBytes = options.maxBytes
    this.#maxBytesPerClient = options.maxBytesPerClient ?? Infinity
    this.#stalledMs = options.stalledMs
    this.progressBytes = options.progressBytes
    this.#clock = options.clock
  }

  /** Bytes in use. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Opens an account for one body. It holds nothing at first. */
  open(address: string): HeldBytes {
    return new HeldBytes(this, address)
  }

  /** Takes all of the bytes or none. Only {@link HeldBytes} may call this and the methods below. */
  take(bytes: number, taker: HeldBytes): Taking {
    for (;;) {
      const client = this.#clients.get(taker.address)
      const isClientFull = (client?.heldBytes ?? 0) + bytes > this.#maxBytesPerClient
      if (!isClientFull && this.#heldBytes + bytes <= this.maxBytes) {
        this.#heldBytes += bytes
        if (client === undefined) {
          this.#clients.set(taker.address, { heldBytes: bytes, arriving: undefined })
        } else {
          client.heldBytes += bytes
        }
        return 'taken'
      }
      const stalled = this.#stalledAmong(
        isClientFull && client !== undefined ? client.arriving : this.#arriving,
        taker,
      )
      if (stalled === undefined) return isClientFull ? 'clientFull' : 'full'
      stalled.giveUp()
    }
  }

  giveBack(bytes: number, { address }: HeldBytes): void {
    this.#heldBytes -= bytes
    const client = this.#clients.get(address)
    if (client === undefined) return
    client.heldBytes -= bytes
    if (client.heldBytes === 0) this.#clients.delete(address)
  }

  /** Records that an arriving body has just made progress. */
  progressed(body: HeldBytes): void {
    this.settled(body)
    body.progressedMs = this.#clock.nowMs()
    this.#arriving.add(body)
    const client = this.#clients.get(body.address)
    if (client !== undefined) (client.arriving ??= new Set()).add(body)
  }

  /** Records that a body is no longer arriving. */
  settled(body: HeldBytes): void {
    this.#arriving.delete(body)
    this.#clients.get(body.address)?.arriving?.delete(body)
  }

  /** The body that is longest without progress, if that is long enough; never the one that takes bytes now. */
  #stalledAmong(
    arriving: ReadonlySet<HeldBytes> | undefined,
    taker: HeldBytes,
  ): HeldBytes | undefined {
    for (const body of arriving ?? []) {
      if (body === taker) continue
      return this.#clock.nowMs() - body.progressedMs >= this.#stalledMs ? body : undefined
    }
    return undefined
  }
}

/** The bytes that one body holds. The one who opens an account must release it; a second release has no effect. */
export class HeldBytes {
  readonly #budget: ByteBudget
  readonly address: string
  #bytes = 0
  #bytesSinceProgress = 0
  #onGivenUp: (() => void) | undefined
  /** When it last made progress. Set by the budget. */
  progressedMs = 0

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget
    this.address = address
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes more bytes, all of them or none. Stalled bodies lose their memory if that is needed. */
  take(bytes: number): Taking {
    if (bytes === 0) return 'taken'
    const taking = this.#budget.take(bytes, this)
    if (taking !== 'taken') return taking
    this.#bytes += bytes
    if (this.#onGivenUp === undefined) return taking
    this.#bytesSinceProgress += bytes
    if (this.#bytesSinceProgress >= this.#budget.progressBytes) this.#progress()
    return taking
  }

  /**
   * Marks the body as arriving; it must hold some bytes.
   *
   * @param onGivenUp - called after the budget has given the body up and released its bytes.
   */
  awaitMore(onGivenUp: () => void): void {
    this.#onGivenUp = onGivenUp
    this.#progress()
  }

  /** Marks the body as complete: it is no longer given up. */
  settle(): void {
    if (this.#onGivenUp === undefined) return
    this.#onGivenUp = undefined
    this.#budget.settled(this)
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
    this.#budget.giveBack(bytes, this)
  }

  /** Gives back all bytes. */
  release(): void {
    this.settle()
    if (this.#bytes > 0) this.giveBack(this.#bytes)
  }

  /** Only the budget may call this. */
  giveUp(): void {
    const onGivenUp = this.#onGivenUp
    this.release()
    onGivenUp?.()
  }

  #progress(): void {
    this.#bytesSinceProgress = 0
    this.#budget.progressed(this)
  }
}
