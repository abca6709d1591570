import { once } from 'node:events'
import net from 'node:net'
import type { Connect } from '../../src/producer/kafkajs/sockets.ts'

/** TCP proxies in front of brokers that count bytes, to check kprf's own counts. */
export class CountingProxies {
  readonly #servers: net.Server[] = []
  /** By the broker's port. */
  readonly #ports = new Map<number, number>()
  readonly #sockets = new Set<net.Socket>()
  /** Bytes from clients. */
  toBrokers = 0
  /** Bytes from brokers. */
  fromBrokers = 0
  connections = 0

  /** Starts a proxy for each broker of a cluster. */
  static async start(bootstrap: string): Promise<CountingProxies> {
    const proxies = new CountingProxies()
    for (const address of bootstrap.split(',')) {
      await proxies.#add(Number(address.split(':')[1]))
    }
    return proxies
  }

  /** Connects to a broker through its proxy. */
  readonly connect: Connect = (options, onConnect) =>
    net.connect({ ...options, port: this.#ports.get(options.port) ?? options.port }, onConnect)

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /**
   * Refuses connections during a task, like a broker that is down, because data that a proxy accepts counts as
   * sent.
   */
  async refuseDuring(task: () => Promise<void>): Promise<void> {
    const addresses = this.#servers.map((server) => server.address())
    await this.close()
    await task()
    for (const [index, server] of this.#servers.entries()) {
      const address = addresses[index]
      if (typeof address !== 'object' || !address) throw new Error('a proxy has an address')
      await once(server.listen(address.port, '127.0.0.1'), 'listening')
    }
  }

  /** Resolves when no connection is left: all bytes are counted. */
  async drained(): Promise<void> {
    await Promise.all(
      [...this.#sockets].filter(({ closed }) => !closed).map((socket) => once(socket, 'close')),
    )
  }

  /** Stops. */
  async close(): Promise<void> {
    this.cut()
    for (const server of this.#servers) {
      server.close()
      await once(server, 'close')
    }
  }

  async #add(brokerPort: number): Promise<void> {
    const server = net.createServer((client) => {
      this.connections += 1
      const broker = net.connect({ host: '127.0.0.1', port: brokerPort, noDelay: true })
      client.on('data', ({ length }) => (this.toBrokers += length)).pipe(broker)
      broker.on('data', ({ length }) => (this.fromBrokers += length)).pipe(client)
      this.#join(client, broker)
      this.#join(broker, client)
    })
    this.#servers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    if (typeof address === 'object' && address) this.#ports.set(brokerPort, address.port)
  }

  /** Ends each socket with the other. */
  #join(socket: net.Socket, other: net.Socket): void {
    this.#sockets.add(socket)
    socket
      .on('error', () => undefined)
      .once('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
  }
}
