/** The thread of the operations port with a bug: it dies of the metrics that it gets. */
import { parentPort } from 'node:worker_threads'
import type { ToThread } from '../../../src/operations/thread/messages.ts'
import '../../../src/operations/thread/entry.ts'

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'answer' && message.topic === 'metrics') throw new Error('of metrics')
})
