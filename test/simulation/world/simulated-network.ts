import { EventEmitter } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { SeededRandom } from '../../support/random.ts'
import { SimulatedSocket, type Wire } from './simulated-socket.ts'
import type { EventLoop } from './event-loop.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The kind of an outage of a port. */
export type Outage = 'hung' | 'cut'

const FIRST_FREE_PORT = 20_000
const MAX_LATENCY_MS = 0.5
/** Probability that a packet must be sent again. */
const SLOW_PACKET_CHANCE = 0.01
const SLOW_PACKET_MS = 40
const SPLIT_CHANCE = 0.1
/** Possible sizes of kernel buffers, bytes: the rest of a write waits at the sender. */
const BUFFER_BYTES = [1_000, 16_000, 262_144]

/** The destination of a connection. */
interface Destination {
  readonly host?: string | undefined
  readonly port: number
}

/** The state of a port. */
interface Port {
  listener: SimulatedServer | undefined
  outage: Outage | undefined
  /** Tasks that wait for the end of the outage, in order. */
  held: (() => void)[]
  /** Open connections of clients to it. */
  clients: number
  mostClients: number
}

/**
 * Listeners and connections within this process. Bytes take time, arrive in pieces, and may be held up on their way
 * to or from a port: by a host that hangs (connections are still accepted, as a kernel does for a stopped process)
 * or by a cut cable (nothing arrives until TCP delivers it later). A name resolves to a port, which may change.
 */
export class SimulatedNetwork {
  readonly #time: VirtualTime
  readonly #loop: EventLoop
  readonly #dice: SeededRandom
  readonly #ports = new Map<number, Port>()
  readonly #sockets = new Set<SimulatedSocket>()
  readonly #bufferBytes: number
  readonly #portsOfKprf = new Set<number>()
  readonly #names = new Map<string, () => number>()
  #nextFreePort = FIRST_FREE_PORT

  /** @param loop - reads the client's end of every connection, and both ends of those to kprf's own ports. */
  constructor(time: VirtualTime, loop: EventLoop, dice: SeededRandom) {
    this.#time = time
    this.#loop = loop
    this.#dice = dice
    this.#bufferBytes = dice.pick(BUFFER_BYTES)
  }

  /** Number of open sockets, of both ends. */
  get openSockets(): number {
    return this.#sockets.size
  }

  /** Number of open client connections to a port. */
  clientsOf(port: number): number {
    return this.#port(port).clients
  }

  /** The highest number of simultaneous client connections to a port. */
  mostClientsOf(port: number): number {
    return this.#port(port).mostClients
  }

  /** As `net.createServer`. */
  readonly createServer = (onConnection: (socket: Socket) => void): Server => {
    const server: unknown = new SimulatedServer(this).on('connection', onConnection)
    return server as Server
  }

  /** As `net.connect`. */
  readonly connect = (options: Destination, onConnect: () => void): Socket => {
    const port = this.#names.get(options.host ?? '')?.() ?? options.port
    const client = this.#track(this.#socket())
    client.once('connect', onConnect)
    this.#count(port, client)
    this.#later(() => {
      this.#unless(['cut'], port, () => {
        this.#loop.input(() => {
          this.#arriveAt(port, client)
        })
      })
    })
    const socket: unknown = client
    return socket as Socket
  }

  /** Marks a port as kprf's own, not a broker's. */
  belongsToKprf(port: number): void {
    this.#portsOfKprf.add(port)
  }

  /** Resolves a host name to a port at each connection, whatever port the connection names. */
  resolve(name: string, port: () => number): void {
    this.#names.set(name, port)
  }

  /** Starts an outage of a port. A hung port accepts connections even if nobody listens there any more. */
  begin(port: number, outage: Outage): void {
    this.#port(port).outage = outage
  }

  /** Ends the outage of a port: delayed data arrives. */
  end(port: number): void {
    const state = this.#port(port)
    state.outage = undefined
    for (const release of state.held.splice(0)) release()
  }

  /** For {@link SimulatedServer}. */
  listen(wanted: number, server: SimulatedServer): number | undefined {
    const port = wanted === 0 ? (this.#nextFreePort += 1) : wanted
    const state = this.#port(port)
    if (state.listener) return undefined
    state.listener = server
    return port
  }

  /** For {@link SimulatedServer}. */
  unlisten(port: number): void {
    this.#port(port).listener = undefined
  }

  #arriveAt(port: number, client: SimulatedSocket): void {
    if (client.destroyed) return
    const { listener, outage } = this.#port(port)
    if (!listener && outage !== 'hung') {
      client.fail('ECONNREFUSED')
      return
    }
    const server = this.#track(this.#socket())
    const toServer = new SimulatedWire(this.#via(port, this.#portsOfKprf.has(port)), server, client)
    const toClient = new SimulatedWire(this.#via(port, true), client, server)
    server.attach(toClient)
    client.attach(toServer)
    client.emit('connect')
    // The kernel accepts for a hanging process, which notices later.
    this.#unless(['hung', 'cut'], port, () => {
      const { listener: present } = this.#port(port)
      if (present) present.accept(server)
      else server.resetAndDestroy()
    })
  }

  #via(port: number, isToKprf: boolean): WireOptions {
    const arrive = (task: () => void): void => {
      if (isToKprf) this.#loop.input(task)
      else task()
    }
    return {
      bufferBytes: this.#bufferBytes,
      later: (task) => {
        this.#later(() => {
          this.#unless(['hung', 'cut'], port, () => {
            arrive(task)
          })
        })
      },
      splitAt: (length) =>
        length > 1 && this.#dice.chance(SPLIT_CHANCE) ? this.#dice.between(1, length - 1) : length,
    }
  }

  /** Runs a task now, or after an outage of one of these kinds. */
  #unless(outages: readonly Outage[], port: number, task: () => void): void {
    const state = this.#port(port)
    const isHeldUp = state.outage !== undefined && outages.includes(state.outage)
    if (isHeldUp) state.held.push(task)
    else task()
  }

  #later(task: () => void): void {
    const isSlow = this.#dice.chance(SLOW_PACKET_CHANCE)
    this.#time.schedule(this.#dice.next() * (isSlow ? SLOW_PACKET_MS : MAX_LATENCY_MS), task)
  }

  /** Like a real socket, it notices its close in a later turn of the loop. */
  #socket(): SimulatedSocket {
    return new SimulatedSocket((task) => this.#time.schedule(0, task))
  }

  #track(socket: SimulatedSocket): SimulatedSocket {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  #count(port: number, client: SimulatedSocket): void {
    const state = this.#port(port)
    state.clients += 1
    state.mostClients = Math.max(state.mostClients, state.clients)
    client.once('close', () => {
      state.clients -= 1
    })
  }

  #port(port: number): Port {
    let state = this.#ports.get(port)
    if (!state) {
      state = { listener: undefined, outage: undefined, held: [], clients: 0, mostClients: 0 }
      this.#ports.set(port, state)
    }
    return state
  }
}

/** The options of a {@link SimulatedWire}. */
interface WireOptions {
  readonly bufferBytes: number
  /** Runs a task when data sent now arrives. */
  readonly later: (task: () => void) => void
  /** The position at which to split a chunk of this length. */
  readonly splitAt: (length: number) => number
}

/** Keeps data in transit in order, although each part has its own delay. */
class SimulatedWire implements Wire {
  readonly #options: WireOptions
  readonly #to: SimulatedSocket
  readonly #from: SimulatedSocket
  readonly #underWay: (() => void)[] = []
  /** Data that the kernel has not accepted yet, which the sender must keep. */
  readonly #waiting: { readonly chunk: Buffer; readonly onTaken: () => void }[] = []
  #bufferedBytes = 0
  #isBroken = false

  constructor(options: WireOptions, to: SimulatedSocket, from: SimulatedSocket) {
    this.#options = options
    this.#to = to
    this.#from = from
  }

  send(chunk: Buffer, onTaken: () => void): void {
    this.#waiting.push({ chunk, onTaken })
    this.#takeWhatFits()
  }

  finish(): void {
    this.#put(() => {
      this.#to.receive(null)
    })
  }

  leave(): void {
    this.#waiting.length = 0
  }

  reset(): void {
    this.#isBroken = true
    this.#underWay.length = 0
    this.#options.later(() => {
      this.#to.fail('ECONNRESET')
    })
  }

  #sendPiece(piece: Buffer): void {
    this.#bufferedBytes += piece.length
    this.#put(() => {
      this.#bufferedBytes -= piece.length
      if (this.#to.destroyed) this.#answerWithReset()
      else this.#to.receive(piece)
      this.#takeWhatFits()
    })
  }

  #takeWhatFits(): void {
    while (this.#bufferedBytes < this.#options.bufferBytes) {
      const next = this.#waiting.shift()
      if (!next) return
      const { chunk, onTaken } = next
      const at = this.#options.splitAt(chunk.length)
      const pieces = at === chunk.length ? [chunk] : [chunk.subarray(0, at), chunk.subarray(at)]
      for (const piece of pieces) this.#sendPiece(Buffer.from(piece))
      onTaken()
    }
  }

  /** The receiver is closed: answers with a reset. */
  #answerWithReset(): void {
    this.#options.later(() => {
      if (!this.#from.destroyed) this.#from.fail('ECONNRESET')
    })
  }

  /** Keeps the order: later data that is ready earlier runs the first arrival that is pending. */
  #put(arrival: () => void): void {
    if (this.#isBroken) return
    this.#underWay.push(arrival)
    this.#options.later(() => {
      this.#underWay.shift()?.()
    })
  }
}

/** The part of `net.Server` that the embedded broker uses. */
class SimulatedServer extends EventEmitter {
  maxConnections = Infinity
  readonly #network: SimulatedNetwork
  readonly #connections = new Set<SimulatedSocket>()
  #port: number | undefined
  #isClosing = false

  constructor(network: SimulatedNetwork) {
    super()
    this.#network = network
  }

  listen(port: number): this {
    this.#port = this.#network.listen(port, this)
    process.nextTick(() => {
      if (this.#port === undefined) this.emit('error', new Error(`port ${port} is taken`))
      else this.emit('listening')
    })
    return this
  }

  address(): { readonly port: number } {
    return { port: this.#port ?? 0 }
  }

  accept(socket: SimulatedSocket): void {
    if (this.#isClosing) {
      socket.resetAndDestroy()
      return
    }
    this.#connections.add(socket)
    socket.once('close', () => {
      this.#connections.delete(socket)
      this.#closeIfDone()
    })
    this.emit('connection', socket)
  }

  close(): this {
    this.#isClosing = true
    if (this.#port !== undefined) this.#network.unlisten(this.#port)
    process.nextTick(() => {
      this.#closeIfDone()
    })
    return this
  }

  #closeIfDone(): void {
    if (this.#isClosing && this.#connections.size === 0) this.emit('close')
  }
}
