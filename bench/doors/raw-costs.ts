/** The same value by `/push` and by `/topics/t/raw`, in turns on one kprf. */
import type { BenchOptions, Figure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'

const CONNECTIONS = 64
const SIZES = [100, 4_096]

/** Measures the processor time of one asynchronous record of each size. */
export async function rawCosts({
  durationMs,
  warmUpMs,
  rounds,
}: BenchOptions): Promise<readonly Figure[]> {
  const broker = await Broker.start({ t: 4 })
  const server = await startKprf(broker.bootstrap)
  const plan = {
    ...{ connections: CONNECTIONS, warmUpMs, durationMs },
    ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
  }
  try {
    const figures: Figure[] = []
    for (const bytes of SIZES) {
      const push = { ...plan, bodies: [pushBody('t', { bytes })] }
      const raw = { ...plan, target: '/topics/t/raw', bodies: ['x'.repeat(bytes)] }
      const costs: { push: number; raw: number }[] = []
      // The first ones compile the code.
      for (let round = -1; round < rounds; round += 1) {
        const ofPush = await runLoad(server, push)
        const ofRaw = await runLoad(server, raw)
        if (round < 0) continue
        costs.push({ push: ofPush.cpuPerRequestUs, raw: ofRaw.cpuPerRequestUs })
      }
      const ratio = spreadOf(costs.map((cost) => cost.raw / cost.push))
      const raws = spreadOf(costs.map((cost) => cost.raw))
      figures.push({
        name: `raw, asynchronous, ${bytes} bytes`,
        measured: `${show(raws, 'µs')}, ${show(ratio, 'x', 2)} of /push`,
        target: '<= 1 x',
        isReached: ratio.median <= 1,
        values: { ratio: ratio.median },
      })
    }
    return figures
  } finally {
    await server.stop()
    await broker.stop()
  }
}
