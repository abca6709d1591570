/** Webhooks of a real process: what is signed is in Kafka once, byte for byte, and nothing else is. */
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf } from '../support/kprf-process.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'

const DELIVERIES = 12
const SECRET = 'hunter2-of-github'
const STRIPE_SECRET = 'whsec_hunter2-of-stripe'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-webhooks-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

function fileOf(text: string): string {
  const path = join(makeFolder(), 'secrets')
  writeFileSync(path, text)
  return path
}

async function start(settings: Readonly<Record<string, string | number>>) {
  const cluster = await TestCluster.start({
    ...{ topics: { events: { partitions: 2 }, bills: { partitions: 1 } } },
    partitionMaxBytes: 2 ** 28,
  })
  onTestFinished(() => cluster.close())
  const webhooks = [
    {
      ...{ path: '/hooks/github', topic: 'events', key_from: 'delivery_id' },
      verify: { scheme: 'github', secret_file: fileOf(`an-older-one\n${SECRET}\n`) },
    },
    {
      ...{ path: '/hooks/stripe', topic: 'bills', key_from: 'json:/data/object/id' },
      verify: { scheme: 'stripe', secret: STRIPE_SECRET },
    },
  ]
  const kprf = await startKprf(cluster.bootstrap, {
    'http.webhooks': JSON.stringify(webhooks),
    'http.auth.anonymous': 'deny',
    'wal.dir': makeFolder(),
    log_level: 'debug',
    ...settings,
  })
  onTestFinished(() => kprf.destroy())
  const post = async (path: string, body: Buffer, headers: Readonly<Record<string, string>>) => {
    // A connection of its own, which any of the workers may get.
    const reply = await fetch(`http://127.0.0.1:${kprf.pushPort}${path}`, {
      method: 'POST',
      headers: { Connection: 'close', ...headers },
      body: new Uint8Array(body),
    })
    return { status: reply.status, reply: await reply.text() }
  }
  const github = (id: string, body: Buffer, secret = SECRET) =>
    post('/hooks/github', body, {
      'X-GitHub-Delivery': id,
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    })
  const stripe = (text: string) => {
    const seconds = Math.floor(Date.now() / 1000)
    const mac = createHmac('sha256', STRIPE_SECRET).update(`${seconds}.${text}`)
    const signature = `t=${seconds},v1=${mac.digest('hex')}`
    return post('/hooks/stripe', Buffer.from(text), { 'Stripe-Signature': signature })
  }
  return { cluster, kprf, github, stripe }
}

const OK = { status: 200, reply: '{"status":"ok","errors":[]}' }

function randomBytes(random: SeededRandom, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += 1) bytes[at] = random.below(256)
  return bytes
}

it.each([
  ['one process', {}],
  ['two workers', { workers: 2 }],
  ['a write-ahead log', { 'wal.enabled': 'true' }],
])('with %s', async (_, settings) => {
  const { cluster, kprf, github, stripe } = await start(settings)
  const random = new SeededRandom(TEST_SEED)
  const sent = new Map<string, Buffer>()
  for (let n = 0; n < DELIVERIES; n += 1) {
    // The first two are as large as a record may be by default, with its key and headers.
    const length = n < 2 ? 1_048_576 - 1000 : random.below(20_000)
    sent.set(`delivery-${n}`, randomBytes(random, length))
  }

  for (const round of ['first', 'again', 'once more']) {
    const replies = await Promise.all(Array.from(sent, ([id, body]) => github(id, body)))
    expect(replies, `${round}, seed ${TEST_SEED}`).toEqual(replies.map(() => OK))
  }
  for (const pending of [2, 1]) {
    const event = `{"id":"evt_1","pending_webhooks":${pending},"data":{"object":{"id":"in_7"}}}`
    expect(await stripe(event)).toEqual(OK)
  }
  const forged = await github('forged', Buffer.from('forged'), 'an-other-secret')
  const push = await fetch(`http://127.0.0.1:${kprf.pushPort}/push`, { method: 'POST', body: '{}' })
  const { log } = await kprf.stop()

  expect(forged).toMatchObject({ status: 401 })
  expect(JSON.parse(forged.reply)).toMatchObject({ error_code: 40101 })
  expect(push.status).toBe(401)
  const events = cluster.records('events')
  expect(events.map(({ key }) => String(key)).sort()).toEqual([...sent.keys()].sort())
  for (const { key, value } of events) {
    expect(sent.get(String(key))?.equals(value ?? Buffer.from('none')), String(key)).toBe(true)
  }
  expect(cluster.records('bills').map(({ key, value }) => [String(key), String(value)])).toEqual([
    ['in_7', '{"id":"evt_1","pending_webhooks":2,"data":{"object":{"id":"in_7"}}}'],
  ])
  expect(JSON.stringify(log)).not.toContain('hunter2')
  expect(log.filter(({ principal }) => principal === 'webhook:/hooks/github').length).toBe(
    3 * DELIVERIES + 1,
  )
})

it('a delivery that Kafka did not take is answered so, and taken when it is repeated', async () => {
  const { cluster, github } = await start({ 'kafka.message_max_bytes': 1000 })
  const body = Buffer.alloc(2000, 'a')

  expect(await github('large', body)).toMatchObject({ status: 413 })
  expect(await github('large', body)).toMatchObject({ status: 413 })
  expect(await github('large', Buffer.from('small'))).toEqual(OK)

  expect(cluster.records('events').map(({ value }) => String(value))).toEqual(['small'])
})
