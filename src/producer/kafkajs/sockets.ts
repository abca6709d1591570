import net from 'node:net'
import tls from 'node:tls'
import type { ISocketFactory } from 'kafkajs'
import type { ConnectionEnd } from '../../base/connection-end.ts'
import { addressOf, type EventSink } from '../events.ts'

const KEEP_ALIVE_DELAY_MS = 60_000
/** kafkajs splits a bootstrap address at its first colon, so an IPv6 address goes in disguise. */
const IPV6_SUFFIX = '.ipv6-literal'

/** Makes `host:port` fit for kafkajs: `[::1]:9092` becomes `3a3a31.ipv6-literal:9092`. */
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

/** How the words of an intended {@link SocketEnd} begin. */
export const HANGING_UP = 'kprf hangs up: '
/** Error code of a connection that ended while TLS was being set up: as if the other side spoke none. */
export const HANDSHAKE_CUT = 'ERR_TLS_HANDSHAKE_CUT'
/** Error code of a plain connection to a broker that speaks TLS. */
export const TLS_EXPECTED = 'ERR_TLS_EXPECTED'

/** Why a socket was destroyed by kprf itself. */
export class SocketEnd extends Error {
  /** `intended` where nothing is wrong. */
  readonly reason: 'timeout' | 'malformed' | 'intended'
  /** All that kafkajs passes on, beside the message. */
  readonly code: string | undefined

  constructor(reason: SocketEnd['reason'], message: string, code?: string) {
    super(reason === 'intended' ? `${HANGING_UP}${message}` : message)
    this.name = 'SocketEnd'
    this.reason = reason
    this.code = code
  }
}

/** Opens a TCP connection, and calls `onConnect` once it is there. */
export type Connect = (options: net.TcpNetConnectOpts, onConnect: () => void) => net.Socket

/** How connections are to be. */
export interface SocketSettings {
  /** `broker.address.family`: which addresses of a host are tried. */
  readonly family: 'any' | 'v4' | 'v6'
  /** `socket.keepalive.enable`. */
  readonly keepAlive: boolean
  /** `socket.nagle.disable`: TCP_NODELAY. */
  readonly noDelay: boolean
}

const FAMILIES = { any: 0, v4: 4, v6: 6 } as const

/**
 * Opens the connections to brokers, keeps hold of them so that they can all be destroyed, and knows
 * addresses that kafkajs cannot parse.
 */
export class Sockets {
  readonly #tlsOptions: tls.ConnectionOptions | undefined
  readonly #options: Pick<net.TcpNetConnectOpts, 'family' | 'keepAlive' | 'noDelay'>
  readonly #connect: Connect
  readonly #events: EventSink
  readonly #open = new Set<net.Socket>()
  #isClosed = false

  /**
   * @param settings - `tls` is `undefined` for plain text.
   * @param connect - opens plain connections; tests have a network of their own.
   */
  constructor(
    settings: SocketSettings & { readonly tls: tls.ConnectionOptions | undefined },
    events: EventSink,
    connect: Connect = net.connect,
  ) {
    const { keepAlive, noDelay } = settings
    this.#tlsOptions = settings.tls
    this.#options = { family: FAMILIES[settings.family], keepAlive, noDelay }
    this.#events = events
    this.#connect = connect
  }

  /** kafkajs's way to get a connection. Its own would leave Nagle's delay on. */
  readonly factory: ISocketFactory = ({ host: givenHost, port, onConnect }) => {
    // kafkajs makes a failed connection of it.
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

  /** Destroys every connection that is still open, and lets no more be opened. */
  destroyAll(): void {
    this.#isClosed = true
    // kafkajs listens for errors and for the end, not for the mere close.
    for (const socket of this.#open) socket.destroy(new SocketEnd('intended', 'kprf is closing'))
  }

  /**
   * TLS goes over a socket of ours, on whose wire the bytes are counted: a TLS socket counts those of the
   * plain text.
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
    const tlsOptions = { socket: wire, host, ...serverName(host), ...this.#tlsOptions }
    return { socket: tls.connect(tlsOptions, onConnect), wire }
  }

  #watch(connection: net.Socket, broker: string): void {
    let cause: Error | undefined
    let isConnected = false
    connection.once('error', (error) => {
      cause = error
      // Nothing tells it from a reset of an open connection but when it comes.
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
