/** A client of the Confluent REST Proxy that nobody here wrote: the package `kafka-rest` of npm. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { runCommand } from '../kafka/cluster/command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const PROGRAM = `
const KafkaRest = require('kafka-rest')
const kafka = new KafkaRest({ url: process.argv[2] })
const done = (name) => (error, reply) => console.log(JSON.stringify([name, error && String(error), reply && reply.offsets]))
const topic = kafka.topics.topic('clients')
topic.produce('a text', done('text'))
topic.produce({ key: 'a key', value: Buffer.from([0, 255]), partition: 1 }, done('key and partition'))
topic.partition(2).produce(['one', 'two'], done('two to a partition'))
kafka.topic('nowhere').produce('a text', done('unknown topic'))
`

let cluster: TestCluster
let kprf: KprfProcess
let folder: string

beforeAll(async () => {
  cluster = await TestCluster.start({
    ...{ brokers: 1, autoCreateTopics: false, topics: { clients: { partitions: 3 } } },
  })
  kprf = await startKprf(cluster.bootstrap)
  folder = mkdtempSync(join(tmpdir(), 'kafka-rest-'))
  writeFileSync(join(folder, 'client.cjs'), PROGRAM)
  await runCommand('npm', [
    'install',
    '--silent',
    '--no-audit',
    '--prefix',
    folder,
    'kafka-rest@0.0.5',
  ])
}, 60_000)

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
  rmSync(folder, { recursive: true })
})

describe('kafka-rest of npm', () => {
  test('produces through kprf, and is told of each record', async () => {
    const url = `http://127.0.0.1:${kprf.pushPort}`
    const { stdout } = await runCommand('node', [join(folder, 'client.cjs'), url])

    const lines = String(stdout)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    const ok = { error_code: null, error: null }
    expect(lines).toHaveLength(4)
    expect(lines).toContainEqual(['text', null, [expect.objectContaining(ok)]])
    // The record without a key may be before it.
    expect(lines).toContainEqual([
      ...['key and partition', null, [expect.objectContaining({ ...ok, partition: 1 })]],
    ])
    expect(lines).toContainEqual([
      ...[
        'two to a partition',
        null,
        [
          expect.objectContaining({ ...ok, partition: 2 }),
          expect.objectContaining({ ...ok, partition: 2 }),
        ],
      ],
    ])
    expect(lines).toContainEqual([
      ...['unknown topic', null, [expect.objectContaining({ error_code: 40_401 })]],
    ])
    const stored = cluster.records('clients').map(({ key, value }) => [key && String(key), value])
    expect(stored).toContainEqual([null, Buffer.from('a text')])
    expect(stored).toContainEqual(['a key', Buffer.from([0, 255])])
    expect(stored).toHaveLength(4)
  })
})
