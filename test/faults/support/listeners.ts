/** Listeners that are not brokers: one that never sends anything, and one that forwards everything. */
import { once } from 'node:events'
import net from 'node:net'

/** A listener on loopback, and how to end it. */
export interface Listener {
  readonly port: number
  close(): void
}

interface Address {
  /** @defaultValue 127.0.0.1 */
  readonly host?: string
  readonly port: number
}

/** Accepts connections, and never sends anything on them. */
export async function silence(port: number): Promise<Listener> {
  return await listen({ port }, () => undefined)
}

/**
 * Forwards each connection to a port that is looked up each time, as a load balancer in front of brokers does.
 *
 * @param at - @defaultValue a free port of 127.0.0.1
 */
export async function forwarder(to: () => number, at: Address = { port: 0 }): Promise<Listener> {
  return await listen(at, (socket) => {
    const onward = net.connect(to(), '127.0.0.1')
    onward.on('error', () => socket.destroy())
    onward.on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
}

async function listen(
  { host = '127.0.0.1', port }: Address,
  onConnection: (socket: net.Socket) => void,
): Promise<Listener> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as net.AddressInfo
  return {
    port: address.port,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
