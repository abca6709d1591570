/** A thousand partitions at the same rate as one. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { runLoad } from '../support/run.ts'
import { type Server, startKprf } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'
import { assertStored } from './compared.ts'

const PARTITIONS = 1_000
const RECORDS_PER_PUSH = 20
const PUSHES_PER_SECOND = 500
const BYTES = 100
const MAX_RATIO = 1.5

/** One kprf, and the topic that it alone is sent records of. */
interface Side {
  readonly topic: string
  readonly kprf: Server
  readonly bodies: readonly string[]
  readonly cpuUs: number[]
  records: number
}

/**
 * CPU at 10,000 records a second, to one partition and to a thousand. The two take turns, after a round that does not
 * count: in it, V8 compiles what runs often.
 */
export const manyPartitions: Measure = async ({ durationMs, rounds }) => {
  const broker = await Broker.start({ [topicOf(1)]: 1, [topicOf(PARTITIONS)]: PARTITIONS })
  const one = await startSide(broker, 1)
  const many = await startSide(broker, PARTITIONS)
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const side of [one, many]) {
        const run = await runLoad(side.kprf, {
          ...{ bodies: side.bodies, connections: 32, durationMs, warmUpMs: 0 },
          ...{ isConnectionPerRequest: false, ratePerSecond: PUSHES_PER_SECOND },
        })
        side.records += run.requests * RECORDS_PER_PUSH
        if (round > 0) side.cpuUs.push(run.cpuPerRequestUs)
      }
    }
    for (const { topic, records } of [one, many]) await assertStored(broker, topic, records)
  } finally {
    await Promise.all([one, many].map(({ kprf }) => kprf.stop()))
    await broker.stop()
  }
  const ratios = many.cpuUs.map((cpuUs, round) => cpuUs / (one.cpuUs[round] ?? NaN))
  const ratio = spreadOf(ratios)
  const [oneUs, manyUs] = [one, many].map(({ cpuUs }) => spreadOf(cpuUs).median)
  return [
    {
      name: `CPU of ${RECORDS_PER_PUSH * PUSHES_PER_SECOND} records a second to ${PARTITIONS} partitions`,
      measured: `${show(ratio, 'x', 2)} that of one partition (${manyUs?.toFixed(0)} against ${oneUs?.toFixed(0)} µs a push)`,
      target: `<= ${MAX_RATIO} x`,
      isReached: ratio.median <= MAX_RATIO,
      values: { oneUs: oneUs ?? NaN, manyUs: manyUs ?? NaN, ratio: ratio.median },
    },
  ]
}

function topicOf(partitions: number): string {
  return `spread-${partitions}`
}

async function startSide(broker: Broker, partitions: number): Promise<Side> {
  const topic = topicOf(partitions)
  const kprf = await startKprf(broker.bootstrap)
  const pushes = Math.ceil(partitions / RECORDS_PER_PUSH)
  const bodies = Array.from({ length: pushes }, (_, push) =>
    JSON.stringify({ records: recordsOf(topic, partitions, push * RECORDS_PER_PUSH) }),
  )
  return { ...{ topic, kprf, bodies }, cpuUs: [], records: 0 }
}

/** One record for each partition from `first` on; all go to the same partition if there is only one. */
function recordsOf(topic: string, partitions: number, first: number): readonly object[] {
  return Array.from({ length: RECORDS_PER_PUSH }, (_, index) => ({
    ...{ topic, data: 'x'.repeat(BYTES) },
    partition: (first + index) % partitions,
  }))
}
