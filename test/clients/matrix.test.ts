/**
 * Clients that were written elsewhere, against the embedded broker: what they produce is stored, and
 * what they consume is what was stored. The table in packages/embedded-broker/README.md is what this run shows;
 * with UPDATE_DOCS=1 the run writes it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestClusterOptions, TestCluster } from '@kprf/embedded-broker/testing'
import { createAuthority } from '../support/certificates.ts'
import type { Capability, Connection, Production } from './support/client.ts'
import { capabilities } from './support/client.ts'
import { kafkaPython } from './support/kafka-python.ts'
import { consoleTools, verifiableProduce } from './support/kafka-tools.ts'
import { kafkajs } from './support/kafkajs.ts'
import { kcat } from './support/kcat.ts'
import type { Column } from './support/matrix-table.ts'
import { cellsOf, documentedMatrix, documentMatrix, renderMatrix } from './support/matrix-table.ts'

const clients = [kcat, kafkaPython, consoleTools, kafkajs]
const authority = createAuthority()
const tls = authority.issue('localhost')
const users = { alice: 'secret' }
const topic = 'orders'
const values = Array.from({ length: 100 }, (_, index) => `the same words again ${index}`)
const columns = new Map<string, Column>()

let scratch: string
let authorityPath: string
let cluster: TestCluster | undefined

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'client-matrix-'))
  authorityPath = join(scratch, 'authority.pem')
  await writeFile(authorityPath, authority.cert)
  for (const client of clients) {
    const version = await client.version()
    columns.set(client.name, { name: client.name, version, lacks: client.lacks, done: [] })
  }
})

afterAll(async () => {
  await rm(scratch, { recursive: true })
})

afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

async function start(options: TestClusterOptions): Promise<TestCluster> {
  cluster = await TestCluster.start({ brokers: 2, topics: { [topic]: {} }, ...options })
  return cluster
}

/** What a capability asks of the broker and of the client. */
interface Setting {
  readonly broker: TestClusterOptions
  readonly connection: Omit<Connection, 'bootstrap'>
  readonly production?: Partial<Production>
  readonly groupId?: string
}

function settingOf(capability: Capability): Setting {
  const sasl = (mechanism: string) => ({ mechanism, username: 'alice', password: 'secret' })
  switch (capability) {
    case 'produce and consume':
      return { broker: {}, connection: {} }
    case 'gzip':
    case 'snappy':
    case 'lz4':
    case 'zstd':
      return { broker: {}, connection: {}, production: { compression: capability } }
    case 'idempotent producer':
      return { broker: {}, connection: {}, production: { isIdempotent: true } }
    case 'consumer group':
      return { broker: {}, connection: {}, groupId: 'readers' }
    case 'TLS':
      return { broker: { tls }, connection: { authorityPath } }
    case 'SASL PLAIN':
    case 'SASL SCRAM-SHA-256':
    case 'SASL SCRAM-SHA-512':
    case 'SASL OAUTHBEARER':
      return { broker: { sasl: { users } }, connection: { sasl: sasl(capability.slice(5)) } }
    case 'SASL PLAIN over TLS':
      return {
        broker: { tls, sasl: { users, mechanisms: ['PLAIN'] } },
        connection: { authorityPath, sasl: sasl('PLAIN') },
      }
  }
}

describe.each(clients)('$name', (client) => {
  const able = capabilities.filter((capability) => !client.lacks.includes(capability))

  test.each(able)('%s', async (capability) => {
    const { broker, connection, production, groupId } = settingOf(capability)
    const { bootstrap, ...running } = await startFor(broker)
    const group = groupId === undefined ? {} : { groupId }

    await client.produce({ bootstrap, ...connection, topic, values, ...production })
    const count = values.length
    const consumed = await client.consume({ bootstrap, ...connection, topic, count, ...group })

    const stored = running.records()
    expect(stored.map(({ value }) => String(value)).sort()).toEqual([...values].sort())
    expect([...consumed].sort()).toEqual([...values].sort())
    const compression = production?.compression ?? 'none'
    expect(new Set(stored.map((record) => record.compression))).toContain(compression)
    const idempotentRequests = running.requestCount('InitProducerId')
    expect(idempotentRequests > 0).toBe(production?.isIdempotent === true)
    if (groupId !== undefined) expect(running.requestCount('OffsetCommit')).toBeGreaterThan(0)
    const column = columns.get(client.name)
    if (column) columns.set(client.name, { ...column, done: [...column.done, capability] })
  })
})

async function startFor(broker: TestClusterOptions) {
  const running = await start(broker)
  return {
    bootstrap: running.bootstrap,
    records: () => running.records(topic),
    requestCount: (api: string) => running.requests.filter((request) => request.api === api).length,
  }
}

describe('kafka-verifiable-producer', () => {
  test('has every record acknowledged, and every record is there', async () => {
    const { bootstrap, records } = await startFor({})

    const { sent, acknowledged } = await verifiableProduce({ bootstrap }, topic, 1_000)

    expect([sent, acknowledged]).toEqual([1_000, 1_000])
    const stored = records().map(({ value }) => Number(String(value)))
    expect(stored.sort((one, other) => one - other)).toEqual([...Array(1_000).keys()])
  })
})

test('packages/embedded-broker/README.md shows what this run has shown', async () => {
  const matrix = renderMatrix([...columns.values()])
  if (process.env['UPDATE_DOCS'] === '1') await documentMatrix(matrix)

  expect(cellsOf(await documentedMatrix())).toEqual(cellsOf(matrix))
})
