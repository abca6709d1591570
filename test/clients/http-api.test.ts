/** Every command in docs/HTTP-API.md, word for word but for the port: each stores its record, or gets its reply. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { parse } from 'yaml'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const whole = readFileSync(join(import.meta.dirname, '../../docs/HTTP-API.md'), 'utf8')
/** The section whose commands read, and the rest of the page. */
const [reading = ''] = /^## Topics and brokers\n.*?(?=^## |$(?![^]))/ms.exec(whole) ?? []
const page = whole.replace(reading, '')
/** The id of a cluster on the page. */
const CLUSTER_ID = 'Zb2dZ8wqTaCdXU1rCdkwzg'
const reads = [...reading.matchAll(/^```sh\n(.*?)\n```\n\n```json\n(.*?)^```/gms)].map(
  ([, command = '', reply = '']) => [command, JSON.parse(reply) as unknown] as const,
)
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, command = '']) =>
  command.trim(),
)

/** The configuration on the page. */
const [, configuration = ''] = /^```yaml\n(.*?)^```/ms.exec(page) ?? []
const { webhooks } = (parse(configuration) as { http: { webhooks: object } }).http

/** What the record of each command has, in the order of the page. */
const RECORDS = [
  { key: 'null', value: '{"total": 7}', headers: ['content-type=application/json'] },
  {
    ...{ key: '42', value: 'hello' },
    headers: ['content-type=application/x-www-form-urlencoded', 'source=shop'],
  },
  { key: '42', value: readFileSync('/etc/hostname', 'utf8'), headers: ['source=shop'] },
  { key: '42', value: '{"order": {"id": 42}}', headers: ['content-type=application/json'] },
  // The last of two.
  { key: 'null', value: '{"total": 8}', headers: [] },
  { key: '42', value: '{"total": 9}', headers: [] },
  {
    ...{ key: '42', value: '{"total": 7}' },
    headers: [
      ...['ce_specversion=1.0', 'ce_id=1', 'ce_source=/shop', 'ce_type=order.created'],
      ...['ce_partitionkey=42', 'content-type=application/json'],
    ],
  },
  {
    key: 'null',
    value:
      '{"specversion": "1.0", "id": "2", "source": "/shop", "type": "order.created", "data": {"total": 7}}',
    headers: ['content-type=application/cloudevents+json'],
  },
  {
    key: '42',
    value:
      '{"specversion": "1.0", "id": "3", "source": "/shop", "type": "order.paid", "partitionkey": "42"}',
    headers: ['content-type=application/cloudevents+json; charset=utf-8'],
  },
  { key: '"42"', value: '{"total": 7}', headers: [] },
  { key: '42', value: '{"total": 7}', headers: [] },
  { key: 'null', value: 'hello', headers: [] },
]

/** How the form of each path says that its record is accepted, and that none failed. */
const ACCEPTED = /"status":"ok","errors":\[\]|"error_code":(?:null|200)/

let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap, { 'http.webhooks': JSON.stringify(webhooks) })
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
})

/** Runs a command of the page on the kprf of this test. */
async function run(command: string): Promise<string> {
  const withPort = command.replace('4242', String(kprf.pushPort)).replace('curl', 'curl -sS')
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', withPort])
  return stdout
}

test('the page has a record for each command that stores one, and a reply for each other', () => {
  expect(commands).toHaveLength(RECORDS.length)
  expect(reads).toHaveLength(reading.match(/^```sh$/gm)?.length ?? 0)
  expect(reads).not.toHaveLength(0)
})

test.each(reads)('%s', async (command, reply) => {
  const clusters = await run('curl http://127.0.0.1:4242/v3/clusters')
  const [, id = ''] = /"cluster_id":"([^"]+)"/.exec(clusters) ?? []

  const stdout = await run(command.replace(CLUSTER_ID, id))

  const asOnPage = stdout.replaceAll(id, CLUSTER_ID).replaceAll(`:${kprf.pushPort}/`, ':4242/')
  expect(JSON.parse(asOnPage)).toEqual(reply)
})

test.each(commands.map((command, index) => [command, index] as const))(
  '%s',
  async (command, index) => {
    const before = cluster.records('orders').length
    const added = command.startsWith('printf') ? 2 : 1

    const stdout = await run(command)

    expect(stdout).toMatch(ACCEPTED)
    expect(stdout).not.toContain('"failures":[{')
    await expect.poll(() => cluster.records('orders').length).toBe(before + added)
    const record = cluster.records('orders').at(-1)
    expect({
      key: String(record?.key),
      value: String(record?.value),
      headers: record?.headers.map((header) => `${header.key}=${String(header.value)}`),
    }).toEqual(RECORDS[index])
  },
)
