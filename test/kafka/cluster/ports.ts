/** Chooses free loopback ports for brokers. */
import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'

/**
 * Below the range from which systems pick ports for outgoing connections (from 32768 on Linux, from
 * 49152 elsewhere): a client's socket must not take a broker's port while that broker is down.
 */
const lowestPort = 20_000
const highestPort = 32_000

/** Resolves to `count` different ports on which nothing listens now. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(lowestPort, highestPort)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
