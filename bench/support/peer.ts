/** Servers that somebody else started, as `--peer` names them. */
import { listenerOf } from './listener.ts'
import type { Server } from './server.ts'

/** What a server takes: the JSON of `/push`, or a record as the body of a request. */
export type Door = 'push' | 'raw'

/** What the command line says of a peer. */
export interface PeerAddress {
  readonly name: string
  readonly port: number
  /** Path and query. */
  readonly target: string
  readonly door: Door
  /** `undefined`: the process that listens on the port. */
  readonly pid: number | undefined
}

/** A running peer. */
export interface Peer {
  readonly server: Server
  readonly target: string
  readonly door: Door
}

const PUSH = '/push'
const PEER = /^(?<name>[^=]+)=(?<url>http:[^,]+)(?:,pid=(?<pid>\d+))?$/
const HTTP_PORT = 80

/**
 * Parses `NAME=URL[,pid=N]`. A URL without a path, or with `/push`, is that of a server that speaks `/push`; any other
 * path takes bodies that are records.
 *
 * @throws Error that says what is wrong.
 */
export function parsePeer(text: string): PeerAddress {
  const { name, url, pid } = PEER.exec(text)?.groups ?? {}
  if (name === undefined || url === undefined || !URL.canParse(url)) {
    throw new Error(
      `--peer ${text} is not understood: write it like rust=http://127.0.0.1:4242/push or bento=http://127.0.0.1:4195/post,pid=123`,
    )
  }
  const { hostname, port, pathname, search } = new URL(url)
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') {
    throw new Error(
      `--peer ${text} is on another machine: start it on this one, and name it with 127.0.0.1`,
    )
  }
  const target = pathname === '/' ? PUSH : `${pathname}${search}`
  return {
    ...{ name, target, door: target === PUSH ? 'push' : 'raw' },
    port: port === '' ? HTTP_PORT : Number(port),
    pid: pid === undefined ? undefined : Number(pid),
  }
}

/** The peer at an address, with the process whose time is counted. */
export function peerAt({ name, port, target, door, pid }: PeerAddress): Peer {
  return {
    server: {
      ...{ name, port, pid: pid ?? listenerOf(port), metricsPort: undefined },
      stop: () => Promise.resolve(),
      hasEnded: () => false,
    },
    ...{ target, door },
  }
}
