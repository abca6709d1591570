/**
 * Further sockets that listen on the port of a server. libuv accepts one connection of a listening socket in each turn
 * of the event loop, so that a process whose turns are long starves newcomers: with 200 clients at work, 200 new ones
 * waited for 200 turns. With SO_REUSEPORT the kernel spreads them over several sockets, and a turn accepts one of each.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer, type Server as NetServer } from 'node:net'

/** Whether further sockets can listen where one does; elsewhere a server has to do with one. */
export const CAN_SHARE_PORT = process.platform === 'linux'

/**
 * Makes sure that nobody else listens: with SO_REUSEPORT two processes of one user could, each unaware of the other.
 *
 * @throws the listener's error, such as one with code EADDRINUSE.
 */
export async function assertFree(port: number, host: string): Promise<void> {
  if (port === 0) return
  const probe = createServer().listen({ port, host })
  await once(probe, 'listening')
  probe.close()
  await once(probe, 'close')
}

/**
 * Has so many further sockets listen for a server that listens with `reusePort`; fewer where the system, or the
 * version of Node, does not let them.
 */
export async function addAcceptors(
  server: Server,
  count: number,
  port: number,
  host: string,
): Promise<NetServer[]> {
  const acceptors: NetServer[] = []
  while (acceptors.length < count) {
    // What Node sets for the connections of its HTTP server.
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
