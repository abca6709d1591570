/**
 * Ports for clusters whose brokers stop and start. They lie below those that the system hands out, and
 * a block of them is held by a listener on its last one: a client that reconnects to a stopped broker
 * must not find the broker of another run there, in this process or in another.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { EmbeddedCluster, type EmbeddedClusterOptions } from '../../src/embedded-broker/cluster.ts'

const FIRST_PORT = 12_000
const MAX_BROKERS = 3
const BLOCK = MAX_BROKERS + 1
const BLOCKS = 5_000
/** Keeps processes that were started together apart. */
const PROCESS_STRIDE = 397

/** A running cluster on ports of its own. */
export interface HeldCluster {
  readonly cluster: EmbeddedCluster
  /** Closes the cluster and gives its ports back. */
  close(): Promise<void>
}

/** Hands ports out in turn, so that one that was used rests for a while. */
export class Ports {
  #block = (process.pid * PROCESS_STRIDE) % BLOCKS

  /** Starts a cluster on ports that are free. */
  async start(options: EmbeddedClusterOptions): Promise<HeldCluster> {
    for (let attempt = 0; ; attempt += 1) {
      this.#block = (this.#block + 1) % BLOCKS
      try {
        return await startOn(FIRST_PORT + this.#block * BLOCK, options)
      } catch (error) {
        if (attempt === BLOCKS) throw error
      }
    }
  }
}

async function startOn(port: number, options: EmbeddedClusterOptions): Promise<HeldCluster> {
  const hold = createServer().listen(port + MAX_BROKERS, '127.0.0.1')
  await once(hold, 'listening')
  try {
    const cluster = await EmbeddedCluster.start({ ...options, port })
    return {
      cluster,
      close: async () => {
        await cluster.close()
        await release(hold)
      },
    }
  } catch (error) {
    await release(hold)
    throw error
  }
}

async function release(hold: Server): Promise<void> {
  hold.close()
  await once(hold, 'close')
}
