import net from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import { systemClock, type Clock } from '../../base/clock.ts'
import type { ConnectionEnd } from '../../base/connection-end.ts'
import { tls } from '../../base/node-modules.ts'
import { addressOf, type EventSink } from '../events.ts'
import { explainDates } from '../security/validity.ts'

const KEEP_ALIVE_DELAY_MS = 60_000
/** Suffix of an encoded IPv6 address, because kafkajs splits a bootstrap address at its first colon. */
const IPV6_SUFFIX = '.ipv6-literal'

/** Encodes `host:port` for kafkajs: `[::1]:9092` becomes `3a3a31.ipv6-literal:9092`. */
export function disguiseIpv6(address: string): string {
  const match = /^\[(?<host>[^\]]+)\]:(?<port>\d+)$/.exec(address)
  if (!match?.groups) return address
  const { host = '', port = '' } = match.groups
  return `${Buffer.from(host).toString('hex')}${IPV6_SUFFIX}:${port}`
}

/** Undoes {@link disguiseIpv6} for one host. */
export function revealIpv6(host: string): string {
  if (!host.endsWith(IPV6_SUFFIX)) return host
  return Buffer.from(host.slice(0, -IPV6_SUFFIX.length), 'hex').toString()
}

/** The beginning of the message of an intended {@link SocketEnd}. */
export const HANGING_UP = 'kprf hangs up: '
/** Error code of a connection that ended during the TLS handshake: probably the other side does not use TLS. */
export const HANDSHAKE_CUT = 'ERR_TLS_HANDSHAKE_CUT'
/** Error code of a plaintext connection to a TLS broker. */
export const TLS_EXPECTED = 'ERR_TLS_EXPECTED'
/** Error code of a connection to something that is not a Kafka broker. */
export const NOT_KAFKA = 'ERR_NOT_KAFKA'

/** The reason why kprf destroyed a socket. */
export class SocketEnd extends Error {
  /** `intended` if it is not an error. */
  readonly reason: 'timeout' | 'malformed' | 'intended'
  /** The only field that kafkajs passes on, besides the message. */
  readonly code: string | undefined

  constructor(reason: SocketEnd['reason'], message: string, code?: string) {
    super(reason === 'intended' ? `${HANGING_UP}${message}` : message)
    this.name = 'SocketEnd'
    this.reason = reason
    this.code = code
  }
}

/** Opens a TCP connection, and calls `onConnect` when it is established. */
export type Connect = (options: net.TcpNetConnectOpts, onConnect: () => void) => net.Socket

/** Options of connections. */
export interface SocketSettings {
  /** `broker.address.family`: the addresses of a host to try. */
  readonly family: 'any' | 'v4' | 'v6'
  /** `socket.keepalive.enable`. */
  readonly keepAlive: boolean
  /** `socket.nagle.disable`: TCP_NODELAY. */
  readonly noDelay: boolean
}

const FAMILIES = { any: 0, v4: 4, v6: 6 } as const

/**
 * Opens the connections to brokers, keeps track of them so that all can be destroyed, and supports addresses that
 * kafkajs cannot parse.
 */
export class Sockets {
  readonly #tlsOptions: (() => ConnectionOptions) | undefined
  readonly #options: Pick<net.TcpNetConnectOpts, 'family' | 'keepAlive' | 'noDelay'>
  readonly #connect: Connect
  readonly #clock: Pick<Clock, 'epochMs'>
  readonly #events: EventSink
  readonly #open = new Set<net.Socket>()
  #isClosed = false

  /**
   * @param settings - `tls` returns the newest options for a connection; it is `undefined` for plain text.
   * @param connect - opens plain connections; tests have a network of their own.
   * @param clock - decides whether kprf's certificate has expired.
   */
  constructor(
    settings: SocketSettings & { readonly tls: (() => ConnectionOptions) | undefined },
    events: EventSink,
    connect: Connect = net.connect,
    clock: Pick<Clock, 'epochMs'> = systemClock,
  ) {
    const { keepAlive, noDelay } = settings
    this.#tlsOptions = settings.tls
    this.#options = { family: FAMILIES[settings.family], keepAlive, noDelay }
    this.#events = events
    this.#connect = connect
    this.#clock = clock
  }

  /** The socket factory for kafkajs. kafkajs's own would leave Nagle's delay on. */
  readonly factory: ISocketFactory = ({ host: givenHost, port, onConnect }) => {
    // kafkajs treats this as a failed connection.
    if (this.#isClosed) throw new Error('kprf is closing')
    const host = revealIpv6(givenHost)
    const keepAliveInitialDelay = KEEP_ALIVE_DELAY_MS
    const options = { ...this.#options, host, port, keepAliveInitialDelay }
    const { socket, wire } = this.#openSocket(options, onConnect)
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    const broker = addressOf(host, port)
    this.#events.emit({ kind: 'connectionOpened', broker, connection: socket, wire })
    this.#watch(socket, broker)
    return socket
  }

  /** Destroys every open connection, and prevents new ones. */
  destroyAll(): void {
    this.#isClosed = true
    // kafkajs listens for errors and for the end, but not for close.
    for (const socket of this.#open) socket.destroy(new SocketEnd('intended', 'kprf is closing'))
  }

  /**
   * TLS runs over a socket of kprf's own, which counts the bytes on the wire: a TLS socket counts plaintext bytes.
   */
  #openSocket(
    options: net.TcpNetConnectOpts & { readonly host: string },
    onConnect: () => void,
  ): { readonly socket: net.Socket; readonly wire: net.Socket } {
    if (!this.#tlsOptions) {
      const socket = this.#connect(options, onConnect)
      return { socket, wire: socket }
    }
    const wire = this.#connect(options, () => undefined)
    const { host } = options
    const tlsOptions = { socket: wire, host, ...serverName(host), ...this.#tlsOptions() }
    const socket = tls().connect(tlsOptions, onConnect)
    this.#explainErrors(socket, tlsOptions)
    return { socket, wire }
  }

  /**
   * Says in errors which certificate is out of date. A failed verification destroys the socket, which then has no
   * certificates any more; an alert of the broker is only an event.
   */
  #explainErrors(socket: TLSSocket, { ca }: ConnectionOptions): void {
    const explain = (error: Error): void => {
      const [peer, own] = [socket.getPeerX509Certificate(), socket.getX509Certificate()]
      explainDates(error, { peer, own, ca, epochMs: this.#clock.epochMs() })
    }
    const destroy = socket.destroy.bind(socket)
    socket.destroy = (error) => {
      if (error) explain(error)
      return destroy(error)
    }
    socket.once('error', explain)
  }

  #watch(connection: net.Socket, broker: string): void {
    let cause: Error | undefined
    let isConnected = false
    connection.once('error', (error) => {
      cause = error
      // A reset during the handshake looks like a reset of an open connection; only the time tells them apart.
      const isCut = 'code' in error && error.code === 'ECONNRESET'
      if (this.#tlsOptions && !isConnected && isCut) Object.assign(error, { code: HANDSHAKE_CUT })
    })
    connection.once(this.#tlsOptions ? 'secureConnect' : 'connect', () => {
      isConnected = true
      const stage = 'APIVERSION_QUERY'
      this.#events.emit({ kind: 'connectionReached', broker, connection, stage })
    })
    connection.once('close', () => {
      const reason = this.#isClosed ? 'intended' : reasonOfEnd(cause)
      const end = isConnected ? reason : undefined
      this.#events.emit({ kind: 'connectionClosed', broker, connection, end })
    })
  }
}

function reasonOfEnd(cause: Error | undefined): ConnectionEnd | 'intended' {
  if (cause instanceof SocketEnd) return cause.reason
  return cause === undefined ? 'closed' : 'reset'
}

/** SNI must not be an address (RFC 6066, section 3). */
function serverName(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {}
}
