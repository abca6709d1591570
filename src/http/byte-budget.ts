/**
 * Counts the bytes of request bodies in memory against a bound, so that no client takes what others need:
 * each address has a share, and a body that has stopped to arrive makes room for those that do.
 */
import type { Clock } from '../base/clock.ts'

/** What a {@link ByteBudget} is made of. */
export interface ByteBudgetOptions {
  readonly maxBytes: number
  /** Of one client address. @defaultValue all */
  readonly maxBytesPerClient?: number
  /** How long a body may bring less than `progressBytes` before others may take its room, ms. */
  readonly stalledMs: number
  readonly progressBytes: number
  readonly clock: Pick<Clock, 'nowMs'>
}

/** `full`: all bytes are held. `clientFull`: those of the client's address are. */
export type Taking = 'taken' | 'full' | 'clientFull'

/** What the bodies of one address have together. */
interface ClientShare {
  heldBytes: number
  /** The bodies that are still arriving, most stalled first; `undefined` until there is one, as nearly always. */
  arriving: Set<HeldBytes> | undefined
}

/** See the head of this file. */
export class ByteBudget {
  readonly #maxBytesPerClient: number
  readonly #stalledMs: number
  readonly #clock: Pick<Clock, 'nowMs'>
  /** Only of clients that hold bytes. */
  readonly #clients = new Map<string, ClientShare>()
  /** Of all clients, most stalled first. */
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

  /** Bytes taken and not yet given back. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Makes an account for one body, which holds nothing yet. */
  open(address: string): HeldBytes {
    return new HeldBytes(this, address)
  }

  /** Takes all of the bytes or none. For {@link HeldBytes} only, as are the methods below. */
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

  /** Notes that a body which holds bytes is arriving and has made progress just now. */
  progressed(body: HeldBytes): void {
    this.settled(body)
    body.progressedMs = this.#clock.nowMs()
    this.#arriving.add(body)
    const client = this.#clients.get(body.address)
    if (client !== undefined) (client.arriving ??= new Set()).add(body)
  }

  /** Notes that a body is not arriving any more. */
  settled(body: HeldBytes): void {
    this.#arriving.delete(body)
    this.#clients.get(body.address)?.arriving?.delete(body)
  }

  /** The most stalled of the bodies, if it has been so for long enough; never the one that makes progress now. */
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

/** The bytes that one body holds. Whoever opens an account releases it; a second time does no harm. */
export class HeldBytes {
  readonly #budget: ByteBudget
  readonly address: string
  #bytes = 0
  #bytesSinceProgress = 0
  #onGivenUp: (() => void) | undefined
  /** When it last brought enough bytes. Kept by the budget. */
  progressedMs = 0

  constructor(budget: ByteBudget, address: string) {
    this.#budget = budget
    this.address = address
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes further bytes, all of them or none, where need be in place of bodies that have stalled. */
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
   * Says that more of the body, which holds some bytes already, is to arrive.
   *
   * @param onGivenUp - called once the budget has given the body up, and its bytes are released.
   */
  awaitMore(onGivenUp: () => void): void {
    this.#onGivenUp = onGivenUp
    this.#progress()
  }

  /** Says that all of the body has arrived: from now on it is not given up. */
  settle(): void {
    if (this.#onGivenUp === undefined) return
    this.#onGivenUp = undefined
    this.#budget.settled(this)
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes
    this.#budget.giveBack(bytes, this)
  }

  /** Gives everything back. */
  release(): void {
    this.settle()
    if (this.#bytes > 0) this.giveBack(this.#bytes)
  }

  /** For the budget only. */
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
