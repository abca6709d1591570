/** The partition of a key is the one that librdkafka chooses, with every partitioner: kcat against kprf. */
import { afterEach, expect, test } from 'vitest'
import { runCommand } from '../kafka/cluster/command.ts'
import { requireTool } from '../kafka/cluster/tools.ts'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'

const partitions = 97
const delimiter = '\t'
/** Words, numbers, letters of two to four bytes, and every length up to 64. */
const keys = [
  ...Array.from({ length: 120 }, (_, index) => `user-${index * 7919}`),
  ...Array.from({ length: 64 }, (_, index) => 'abcdefgh'.repeat(8).slice(0, index + 1)),
  ...Array.from({ length: 30 }, (_, index) => `ключ ${index}`),
  ...Array.from({ length: 20 }, (_, index) => `日本${'🚀'.repeat(index)}`),
]

let cluster: TestCluster | undefined
let kprf: KprfProcess | undefined

afterEach(async () => {
  await kprf?.destroy()
  await cluster?.close()
})

/** Partition by key; the key of records that have none is `null`. */
function partitionsOf(stored: TestCluster, topic: string): Record<string, number> {
  const found: Record<string, number> = {}
  for (let partition = 0; partition < partitions; partition += 1) {
    for (const { key } of stored.records(topic, partition)) {
      found[key?.toString() ?? 'null'] = partition
    }
  }
  return found
}

test.each([
  { partitioner: 'consistent', hasNull: true },
  { partitioner: 'consistent_random', hasNull: false },
  { partitioner: 'murmur2', hasNull: true },
  { partitioner: 'murmur2_random', hasNull: false },
  { partitioner: 'fnv1a', hasNull: true },
  { partitioner: 'fnv1a_random', hasNull: false },
])(
  '$partitioner puts every key where kcat puts it, and no key too where that is decided: $hasNull',
  async ({ partitioner, hasNull }) => {
    const topics = { kcat: { partitions }, kprf: { partitions } }
    const running = (cluster = await TestCluster.start({ topics }))
    const { bootstrap } = running
    const produce = ['-P', '-b', bootstrap, '-t', 'kcat', '-X', `partitioner=${partitioner}`]
    const lines = keys.map((key) => `${key}${delimiter}v`)
    const program = await requireTool('kcat')
    await runCommand(program, [...produce, '-K', delimiter], {
      input: Buffer.from(lines.join('\n')),
    })
    if (hasNull) await runCommand(program, produce, { input: Buffer.from('v') })
    const started = (kprf = await startKprf(bootstrap, { 'kafka.partitioner': partitioner }))

    const records = [...keys, ...(hasNull ? [null] : [])].map((key) => {
      return { topic: 'kprf', key, data: 'v' }
    })
    const { status } = await started.push({ records, wait_for_send: true })

    expect(status).toBe(200)
    expect(Object.keys(partitionsOf(running, 'kprf'))).toHaveLength(records.length)
    expect(partitionsOf(running, 'kprf')).toEqual(partitionsOf(running, 'kcat'))
  },
)
