/** How soon `/livez` and `/readyz` are answered while kprf has as many pushes as it can take. */
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { assertStored } from './compared.ts'

const PATHS = ['/livez', '/readyz'] as const
const CONNECTIONS = 64
const INTERVAL_MS = 20
const MAX_MS = 50

export const probes: Measure = async ({ durationMs, warmUpMs, rounds }) => {
  const broker = await Broker.start({ busy: 4 })
  const kprf = await startKprf(broker.bootstrap)
  const { metricsPort } = kprf
  if (metricsPort === undefined) throw new Error('kprf has no operations port')
  try {
    const load = {
      ...{ bodies: [pushBody('busy', { bytes: 4_096 })], connections: CONNECTIONS },
      ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
    }
    const { requests: warmUp } = await runLoad(kprf, { ...load, durationMs: warmUpMs, warmUpMs: 0 })
    const running = runLoad(kprf, { ...load, durationMs: durationMs * rounds, warmUpMs: 0 })
    const tookMs = { '/livez': [] as number[], '/readyz': [] as number[] }
    let isOver = false
    const probing = PATHS.map(async (path) => {
      while (!isOver) {
        tookMs[path].push(await probe(metricsPort, path))
        await sleep(INTERVAL_MS)
      }
    })
    const { requests } = await running.finally(() => {
      isOver = true
    })
    await Promise.all(probing)
    await assertStored(broker, 'busy', warmUp + requests)
    return PATHS.map((path) => figureOf(path, tookMs[path]))
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}

/** @returns how long one answer took, ms, on a connection of its own, as probes have it. */
function probe(port: number, path: string): Promise<number> {
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (reply) => {
      reply.resume().once('end', () => {
        if (reply.statusCode === 200) resolve(performance.now() - startedMs)
        else reject(new Error(`${path} was answered ${reply.statusCode ?? ''}`))
      })
    }).once('error', reject)
  })
}

function figureOf(path: string, tookMs: number[]): Figure {
  tookMs.sort((one, other) => one - other)
  const of = (share: number): number =>
    tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? NaN
  const [p50, p99, max] = [of(0.5), of(0.99), of(1)]
  return {
    name: `${path} under full load`,
    measured: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)}, max ${max.toFixed(0)}, ${tookMs.length} probes`,
    target: `p99 <= ${MAX_MS} ms`,
    isReached: p99 <= MAX_MS,
    values: { p50, p99, max },
  }
}
