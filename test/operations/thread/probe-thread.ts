/** Asks for a page once told which, and leaves its status in shared memory: what a thread does that cannot take messages. */
import { get } from 'node:http'
import { parentPort } from 'node:worker_threads'

/** What to ask for, and where to leave the status. */
export interface Probe {
  readonly url: string
  readonly status: Int32Array
}

parentPort?.once('message', ({ url, status }: Probe) => {
  get(url, (reply) => {
    Atomics.store(status, 0, reply.statusCode ?? -1)
    Atomics.notify(status, 0)
  })
})
