/** The memory of a full queue. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { residentBytes } from '../support/cpu-time.ts'
import { startKprf } from '../support/server.ts'

const MIB = 1_048_576
const QUEUE_MIB = 256
const MAX_FACTOR = 1.6
const MAX_BASE_MIB = 120

/** Fills the queue while no broker is reachable. */
export const fullQueue: Measure = async () => {
  const figures = []
  for (const bytes of [100, 4_096]) figures.push(await fill(bytes))
  return figures
}

async function fill(bytes: number): Promise<Awaited<ReturnType<Measure>>[number]> {
  const broker = await Broker.start({ full: 4 })
  const kprf = await startKprf(broker.bootstrap, {
    'kafka.queue_buffering_max_kbytes': QUEUE_MIB * 1_024,
    'kafka.queue_buffering_max_messages': 0,
    'kafka.queue_full_wait_ms': 0,
    'kafka.message_timeout_ms': 3_600_000,
    'shutdown.timeout_ms': 0,
  })
  try {
    // Makes the topic known, so that records go into batches.
    await push(kprf.port, 1, bytes, true)
    await broker.stop()
    const records = Math.ceil(100_000 / bytes)
    while ((await push(kprf.port, records, bytes)) === 200);
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const residentMib = (residentBytes(kprf.pid ?? 0) ?? NaN) / MIB
    const limitMib = MAX_FACTOR * QUEUE_MIB + MAX_BASE_MIB
    return {
      name: `memory with ${QUEUE_MIB} MiB queued in records of ${bytes} bytes`,
      measured: `${residentMib.toFixed(0)} MiB`,
      target: `<= ${MAX_FACTOR} x the bytes queued + ${MAX_BASE_MIB} MiB = ${limitMib.toFixed(0)} MiB`,
      isReached: residentMib <= limitMib,
      values: { residentMib, limitMib },
    }
  } finally {
    await kprf.stop()
  }
}

async function push(port: number, records: number, bytes: number, isSync = false): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/push`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      records: Array.from({ length: records }, () => ({ topic: 'full', data: 'x'.repeat(bytes) })),
      wait_for_send: isSync,
    }),
  })
  await response.text()
  return response.status
}
