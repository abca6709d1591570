/**
 * Adds sockets that listen on the port of a server. libuv accepts one connection per listening socket in each turn
 * of the event loop. If turns are long, new clients starve: with 200 busy clients, 200 new ones waited for 200
 * turns. With SO_REUSEPORT the kernel spreads new connections over several sockets, and a turn accepts one of each.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'

/** Whether several sockets can listen on one port. Elsewhere a server has one. */
export const CAN_SHARE_PORT = process.platform === 'linux'

/**
 * Checks that no other process listens on the port: with SO_REUSEPORT, two processes of one user could, each
 * unaware of the other.
 *
 * @throws the error of the listener, for example with code EADDRINUSE.
 */
export async function assertFree(port: number, host: string): Promise<void> {
  if (port === 0) return
  const probe = createServer().listen({ port, host })
  await once(probe, 'listening')
  probe.close()
  await once(probe, 'close')
}

/**
 * Opens `count` more sockets that listen for a server with `reusePort`; fewer if the system, or this version of
 * Node, does not support it.
 */
export async function addAcceptors(
  server: Server,
  count: number,
  port: number,
  host: string,
): Promise<NetServer[]> {
  const acceptors: NetServer[] = []
  while (acceptors.length < count) {
    // The same options as Node sets for connections of its HTTP server.
    const acceptor = createServer({ allowHalfOpen: true, noDelay: true })
    acceptor.on('connection', (socket) => server.emit('connection', socket))
    try {
      acceptor.listen({ port, host, reusePort: true })
      await once(acceptor, 'listening')
    } catch {
      break
    }
    acceptors.push(acceptor)
  }
  return acceptors
}
