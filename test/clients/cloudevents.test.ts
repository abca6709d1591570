/** Events that SDKs of CloudEvents send to `/topics/{topic}/events` are the events that their Kafka bindings read. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudEvent, emitterFor, httpTransport, Kafka, Mode } from 'cloudevents'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { runCommand } from '../kafka/cluster/command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const support = join(import.meta.dirname, 'support')

let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  const topics = { js: { partitions: 1 }, python: { partitions: 1 }, go: { partitions: 1 } }
  cluster = await TestCluster.start({ brokers: 1, topics })
  kprf = await startKprf(cluster.bootstrap)
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
})

const urlOf = (topic: string): string =>
  `http://127.0.0.1:${kprf.pushPort}/topics/${topic}/events?wait=true`

/** Records as a consumer sees them. */
const recordsOf = (topic: string) =>
  cluster.records(topic).map(({ key, value, headers }) => ({
    key: key === null ? undefined : String(key),
    value: value ?? Buffer.alloc(0),
    headers: Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
  }))

/** The same, as text for another program. */
function recordsJson(topic: string): Buffer {
  const records = recordsOf(topic).map((record) => ({
    ...{ ...record, key: record.key ?? null, value: record.value.toString('base64') },
  }))
  return Buffer.from(JSON.stringify(records))
}

describe('the SDK of JavaScript', () => {
  const PLAIN = { source: '/s', type: 't', time: '2026-01-31T12:00:00.123Z' }
  const EVENTS: readonly CloudEvent<unknown>[] = [
    new CloudEvent<unknown>({ ...PLAIN, data: { total: 7, é: ['€', 1.5, null] } }),
    new CloudEvent<unknown>({
      ...{ ...PLAIN, source: 'https://a/b?c=d#e', subject: 'a b, 100% café', partitionkey: 'k 1' },
      ...{ dataschema: 'https://a/b', datacontenttype: 'application/json', traceparent: '00-1' },
      data: { total: 7 },
    }),
    new CloudEvent<unknown>({
      ...{ ...PLAIN, datacontenttype: 'image/png', partitionkey: 'k' },
      data: Uint8Array.from([0, 255, 10, 13, 128]),
    }),
  ]

  test.each([
    ['binary', Mode.BINARY],
    ['structured', Mode.STRUCTURED],
  ])('in %s mode', async (_, mode) => {
    const before = recordsOf('js').length
    const emit = emitterFor(httpTransport(urlOf('js')), { mode })

    for (const event of EVENTS) await emit(event)

    const read = recordsOf('js')
      .slice(before)
      .map(({ key, value, headers }) => {
        const isText = mode === Mode.STRUCTURED
        const message = { headers, key, value: isText ? String(value) : value, body: undefined }
        return Kafka.toEvent(message) as CloudEvent<unknown>
      })
    const plain = (event: CloudEvent<unknown>): unknown => {
      const { datacontenttype = 'application/json; charset=utf-8', ...json } = event.toJSON()
      return JSON.parse(JSON.stringify({ datacontenttype, ...json }))
    }
    expect(read.map(plain)).toEqual(EVENTS.map(plain))
  })
})

describe('the SDK of Python', () => {
  const python = process.env['KAFKA_PYTHON'] ?? '/usr/bin/python3'
  let packages: string

  beforeAll(async () => {
    packages = mkdtempSync(join(tmpdir(), 'cloudevents-'))
    const options = ['-q', '--no-input', '--disable-pip-version-check', '--target', packages]
    await runCommand(python, ['-m', 'pip', 'install', ...options, 'cloudevents==2.2.0'])
  })

  afterAll(() => {
    rmSync(packages, { recursive: true })
  })

  test('of 1.x and 2.x, in both modes', async () => {
    const script = join(support, 'cloudevents-client.py')

    const sent = await eventsOf(python, [script, packages, 'send', urlOf('python')])

    expect(sent).toHaveLength(14)
    const read = await eventsOf(python, [script, packages, 'read'], recordsJson('python'))
    expect(read).toEqual(sent)
  })
})

/** Debian 12 has an older Go, which cannot compile the SDK: then this is not tested. */
const [, goVersion = '0'] = /go1\.(\d+)/.exec(String(spawnSync('go', ['version']).stdout)) ?? []

describe.runIf(Number(goVersion) >= 23)('the SDK of Go', () => {
  let folder: string
  let program: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloudevents-'))
    program = join(folder, 'client')
    const source = join(support, 'cloudevents-go')
    await runCommand('go', ['build', '-C', source, '-o', program, '.'], { timeoutMs: 600_000 })
  })

  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  test('in both modes', async () => {
    const sent = await eventsOf(program, ['send', urlOf('go')])

    expect(sent).toHaveLength(6)
    expect(await eventsOf(program, ['read'], recordsJson('go'))).toEqual(sent)
  })
})

/** The events that a program has sent, or read from its input. */
async function eventsOf(program: string, args: readonly string[], input?: Buffer) {
  const { stdout } = await runCommand(program, args, input ? { input } : {})
  return JSON.parse(String(stdout)) as unknown
}
