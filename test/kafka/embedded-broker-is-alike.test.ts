import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import type { Push, PushReplyBody } from '../support/push.ts'
import { readTopic, type StoredRecord } from './support/read-topic.ts'
import { kinds } from './support/record-kinds.ts'

const TOPIC = 'same-pushes'
const COMPACTED = 'compacted'
const UNKNOWN_TOPIC = 'no-such-topic'
const NOW = Date.now()

/** Every kind of record, with explicit partitions and timestamps, so that results are deterministic. */
const placed = Object.values(kinds).map((kind, index) => ({
  partition: index % 4,
  timestamp: NOW + index,
  ...kind,
  topic: TOPIC,
}))

/** The pushes: valid ones, some that fail in part, and some that are refused as a whole. */
const pushes: readonly Push[] = [
  ...placed.map((record) => ({ records: [record] })),
  { records: placed },
  {
    records: Array.from({ length: 500 }, (_, n) => ({
      topic: TOPIC,
      data: `${n}`,
      key: `key ${n}`,
      timestamp: NOW,
    })),
  },
  { records: [{ topic: TOPIC, data: 'x'.repeat(1_048_000), partition: 0, timestamp: NOW }] },
  { records: [{ topic: TOPIC, data: 'x'.repeat(1_048_576), partition: 0, timestamp: NOW }] },
  {
    records: [
      { topic: TOPIC, data: 'beyond', partition: 4 },
      { topic: TOPIC, data: 'within', partition: 1, timestamp: NOW },
    ],
  },
  {
    records: [
      { topic: UNKNOWN_TOPIC, data: 'nowhere' },
      { topic: TOPIC, data: 'somewhere', partition: 2, timestamp: NOW },
    ],
  },
  {
    records: [
      { topic: TOPIC, data: 'too far ahead', partition: 3, timestamp: NOW + 86_400_000 },
      { topic: TOPIC, data: 'its neighbour', partition: 3, timestamp: NOW },
    ],
  },
  {
    records: [
      { topic: COMPACTED, data: 'without a key', partition: 0 },
      { topic: COMPACTED, data: 'with one', key: 'k', partition: 0, timestamp: NOW },
      { topic: COMPACTED, data: 'far ahead', key: 'k', partition: 0, timestamp: NOW + 86_400_000 },
    ],
  },
  {
    records: [
      { topic: '__consumer_offsets', data: 'of Kafka itself', partition: 0 },
      { topic: TOPIC, data: 'beside it', partition: 3, timestamp: NOW },
    ],
  },
  {
    records: [
      { topic: '..', data: 'refused' },
      { topic: TOPIC, data: 'with it', partition: 0 },
    ],
  },
  { records: [] },
]

/** What kprf said, and what a consumer reads. */
interface Account {
  readonly replies: readonly {
    readonly status: number
    readonly body: Omit<PushReplyBody, 'request_id'>
  }[]
  readonly stored: readonly StoredRecord[]
}

/** Kafka's reason for refusing a timestamp has the time of day. */
function withoutTimes<Body>(body: Body): Body {
  return JSON.parse(JSON.stringify(body).replaceAll(/-?\d{13,}, \d{13}/g, '...')) as Body
}

async function account(kprf: KprfProcess, bootstrap: string): Promise<Account> {
  const replies = []
  for (const push of pushes) {
    const { status, body } = await kprf.push({ ...push, wait_for_send: true, return_offsets: true })
    replies.push({ status, body: withoutTimes({ ...body, request_id: undefined }) })
  }
  return { replies, stored: await readTopic(bootstrap, TOPIC) }
}

describe('the same pushes on the embedded broker and on Apache Kafka', () => {
  let kafka: KafkaCluster
  let embedded: TestCluster
  const processes: KprfProcess[] = []
  let onKafka: Account
  let onEmbedded: Account

  beforeAll(async () => {
    const settings = { 'kafka.message_timeout_ms': 20_000 }
    kafka = await startCluster({ autoCreate: false })
    await kafka.createTopic(TOPIC, { partitions: 4 })
    const compact = { 'cleanup.policy': 'compact' }
    await kafka.createTopic(COMPACTED, { partitions: 1, config: compact })
    embedded = await TestCluster.start({
      autoCreateTopics: false,
      topics: { [TOPIC]: { partitions: 4 }, [COMPACTED]: { partitions: 1, configs: compact } },
    })
    for (const { bootstrap } of [kafka, embedded]) {
      processes.push(await startKprf(bootstrap, settings))
    }
    const [first, second] = processes
    if (!first || !second) throw new Error('kprf did not start')
    onKafka = await account(first, kafka.bootstrap)
    onEmbedded = await account(second, embedded.bootstrap)
  })

  afterAll(async () => {
    for (const kprf of processes) await kprf.destroy()
    await embedded.close()
    await kafka.stop()
  })

  it('are many, and some of them fail', () => {
    const statuses = new Set(onKafka.replies.map(({ status }) => status))

    expect(onKafka.stored.length).toBeGreaterThan(500)
    expect([...statuses].toSorted((a, b) => a - b)).toEqual([200, 403, 404, 413, 422])
  })

  it('get the same replies', () => {
    expect(onEmbedded.replies).toEqual(onKafka.replies)
  })

  it('are read back the same: bytes, headers, partitions, offsets, timestamps', () => {
    expect(onEmbedded.stored).toEqual(onKafka.stored)
  })
})
