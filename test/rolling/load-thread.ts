/** Runs a {@link Load} in a thread of its own: what the test itself does must not delay its requests. */
import { parentPort, workerData } from 'node:worker_threads'
import { Load } from './load.ts'
import type { LoadAnswer, LoadQuestion } from './threaded-load.ts'

const { port, seed } = workerData as { readonly port: number; readonly seed: number }
const load = new Load(port, seed)

async function answer(question: LoadQuestion): Promise<LoadAnswer> {
  switch (question.kind) {
    case 'measure':
      load.measure(question.connections)
      return { kind: 'started' }
    case 'measured':
      return { kind: 'measured', perSecond: load.measured() }
    case 'start':
      void load.run(question.perSecond)
      return { kind: 'started' }
    case 'report':
      return { kind: 'report', report: load.report() }
    case 'stop':
      return { kind: 'result', result: await load.stop() }
  }
}

parentPort?.on('message', (question: LoadQuestion) => {
  void answer(question).then((reply) => parentPort?.postMessage(reply))
})
