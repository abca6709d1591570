/** Pushes of a hundred records. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { assertStored, compare, requestsOf } from './compared.ts'

const RECORDS = 100
const BYTES = 1_024
const TARGET_PER_CORE = 100_000

/** Records a second and core. */
export const manyRecords: Measure = async (options) => {
  const broker = await Broker.start({ many: 4 })
  const kprf = await startKprf(broker.bootstrap)
  try {
    const body = pushBody('many', { records: RECORDS, bytes: BYTES })
    const [result] = await compare([kprf], { bodies: [body], connections: 16 }, options)
    if (!result) throw new Error('no run')
    await assertStored(broker, 'many', requestsOf(result) * RECORDS)
    const perSecond = result.requestsPerSecond.median * RECORDS
    const perCore = (RECORDS / result.cpuPerRequestUs.median) * 1_000_000
    return [
      {
        name: '100 records of 1 KiB per request',
        measured: `${perCore.toFixed(0)} records a second and core; ${perSecond.toFixed(0)} a second beside the load and the broker`,
        target: `>= ${TARGET_PER_CORE} records a second and core`,
        isReached: perCore >= TARGET_PER_CORE,
        values: { perCore, perSecond },
      },
    ]
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}
