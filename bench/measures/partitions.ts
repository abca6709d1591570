/** A thousand partitions at the same rate as one. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { runLoad } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { assertStored } from './compared.ts'

const PARTITIONS = 1_000
const RECORDS_PER_PUSH = 20
const PUSHES_PER_SECOND = 500
const BYTES = 100
const MAX_RATIO = 2

/** CPU at 10,000 records a second, to one partition and to a thousand. */
export const manyPartitions: Measure = async ({ durationMs, warmUpMs }) => {
  const cpuUs: number[] = []
  for (const partitions of [1, PARTITIONS]) {
    const topic = `spread-${partitions}`
    const broker = await Broker.start({ [topic]: partitions })
    const kprf = await startKprf(broker.bootstrap)
    try {
      const bodies = Array.from({ length: Math.ceil(partitions / RECORDS_PER_PUSH) }, (_, push) =>
        JSON.stringify({ records: recordsOf(topic, partitions, push * RECORDS_PER_PUSH) }),
      )
      const run = await runLoad(kprf, {
        ...{ bodies, connections: 32, durationMs, warmUpMs },
        ...{ isConnectionPerRequest: false, ratePerSecond: PUSHES_PER_SECOND },
      })
      await assertStored(broker, topic, run.requests * RECORDS_PER_PUSH)
      cpuUs.push(run.cpuPerRequestUs)
    } finally {
      await kprf.stop()
      await broker.stop()
    }
  }
  const [one = NaN, many = NaN] = cpuUs
  const ratio = many / one
  return [
    {
      name: `CPU of ${RECORDS_PER_PUSH * PUSHES_PER_SECOND} records a second to ${PARTITIONS} partitions`,
      measured: `${ratio.toFixed(2)} x that of one partition (${many.toFixed(0)} against ${one.toFixed(0)} µs a push)`,
      target: `<= ${MAX_RATIO} x`,
      isReached: ratio <= MAX_RATIO,
      values: { oneUs: one, manyUs: many, ratio },
    },
  ]
}

/** One record for each partition from `first` on; all go to the same partition if there is only one. */
function recordsOf(topic: string, partitions: number, first: number): readonly object[] {
  return Array.from({ length: RECORDS_PER_PUSH }, (_, index) => ({
    ...{ topic, data: 'x'.repeat(BYTES) },
    partition: (first + index) % partitions,
  }))
}
