import { expect, it } from 'vitest'
import type { RecordsSource } from '../../src/base/seen-records.ts'
import type { ToPrimary, ToWorker } from '../../src/workers/messages.ts'
import { showRecords } from '../../src/workers/show-records.ts'
import { WorkerRecords } from '../../src/workers/worker-records.ts'

/** A worker and its primary, whose messages are copied as those of processes are. */
function connect(source: RecordsSource): { records: WorkerRecords; told: ToWorker[] } {
  const told: ToWorker[] = []
  const worker = {
    tell: (message: ToWorker): void => {
      told.push(message)
      const copy = structuredClone(message)
      if (copy.kind === 'recordsSeen') records.answered(copy.id, copy.seen)
    },
  }
  const records = new WorkerRecords((message: ToPrimary) => {
    const copy = structuredClone(message)
    if (copy.kind === 'seeRecords') void showRecords(source, copy, worker)
  })
  return { records, told }
}

it('a worker sees what the embedded broker of the primary has, each question with its answer', async () => {
  const { records } = connect({
    look: (topic, after) => ({
      position: after + 1,
      topics: [{ name: topic ?? 'all', partitions: 1, records: 0 }],
      records: [],
    }),
  })

  const [all, one] = await Promise.all([records.look(undefined, 0), records.look('orders', 7)])

  expect([all.position, all.topics[0]?.name]).toEqual([1, 'all'])
  expect([one.position, one.topics[0]?.name]).toEqual([8, 'orders'])
})
