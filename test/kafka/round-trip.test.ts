import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { runCommand } from './cluster/command.ts'
import { requireTool } from './cluster/tools.ts'
import { until } from '../support/until.ts'
import { startKprf, type KprfProcess, type KprfSettings } from '../support/kprf-process.ts'
import type { PushedRecord, RecordOffset } from '../support/push.ts'
import { SeededRandom } from '../support/random.ts'
import { chooseSeed } from './support/choose-seed.ts'
import { readTopic, type StoredRecord } from './support/read-topic.ts'
import { everyByte, kinds } from './support/record-kinds.ts'
import { contentOfPushed, contentOfStored, textsOf } from './support/records.ts'

/** The limit of brokers and topics that are told none, in bytes of a whole batch. */
const maxBatchBytes = 1_048_588
/** A batch of one record with neither key nor headers, less its value of about a mebibyte. */
const framingBytes = 72

const manyRecords = 5_000
const deliveryTimeoutMs = 20_000

describe('what is pushed', () => {
  let cluster: KafkaCluster
  let kprf: KprfProcess
  let another: KprfProcess | undefined

  beforeAll(async () => {
    cluster = await startCluster()
    kprf = await startKprf(cluster.bootstrap, { 'kafka.message_timeout_ms': 20_000 })
  })

  afterEach(async () => {
    await another?.destroy()
    another = undefined
  })

  afterAll(async () => {
    await kprf.destroy()
    await cluster.stop()
  })

  async function startAnother(settings: KprfSettings): Promise<KprfProcess> {
    another = await startKprf(cluster.bootstrap, settings)
    return another
  }

  /** Pushes, waits for delivery and gives back where the records went. */
  async function deliver(
    records: readonly PushedRecord[],
    by: KprfProcess = kprf,
  ): Promise<readonly RecordOffset[]> {
    const { status, body } = await by.push({ records, wait_for_send: true, return_offsets: true })
    expect(body).toMatchObject({ status: 'ok', errors: [] })
    expect(status).toBe(200)
    return (body.offsets ?? []).filter((offset) => offset !== null)
  }

  it('is in Kafka byte for byte, for every kind of record', async () => {
    await cluster.createTopic('kinds', { partitions: 5 })
    const records = Object.values(kinds).map((record) => ({ topic: 'kinds', ...record }))
    const beforeMs = Date.now()

    const offsets = await deliver(records)
    const afterMs = Date.now()

    const stored = byPlace(await readTopic(cluster.bootstrap, 'kinds'))
    const found = offsets.map((offset) => stored.get(placeOf(offset)))
    expect(stored.size).toBe(records.length)
    expect(
      zip(
        kinds,
        found.map((record) => record && contentOfStored(record)),
      ),
    ).toEqual(zip(kinds, records.map(contentOfPushed)))
    expect(
      zip(
        kinds,
        found.map((record) => record?.partition),
      ),
    ).toMatchObject({
      keyed: crc32('key') % 5,
      'with a partition': 3,
      'with a key and a partition': 0,
      tombstone: crc32('key') % 5,
      'with every byte': crc32(Buffer.from(everyByte, 'base64')) % 5,
    })
    const timestamps = found.map((record) => record?.timestampMs)
    expect(timestamps).toEqual(offsets.map(({ timestamp }) => timestamp))
    expect(
      records.map(({ timestamp }, index) =>
        timestamp === undefined
          ? isBetween(beforeMs, afterMs)(timestamps[index])
          : timestamps[index] === timestamp,
      ),
    ).toEqual(records.map(() => true))
  })

  it('is where the reply says, in the order of the request, for thousands of records', async () => {
    await cluster.createTopic('many', { partitions: 7 })
    const records = Array.from({ length: manyRecords }, (_, index) => ({
      topic: 'many',
      data: `${index}`,
      ...(index % 3 === 0 && { key: `key ${index % 100}` }),
      ...(index % 3 === 1 && { partition: index % 7 }),
    }))

    const offsets = await deliver(records)

    const stored = await readTopic(cluster.bootstrap, 'many')
    const places = byPlace(stored)
    expect(stored).toHaveLength(manyRecords)
    expect(textsOf(offsets.flatMap((offset) => places.get(placeOf(offset)) ?? []))).toEqual(
      records.map(({ data }) => data),
    )
    expect(valuesByPartition(stored)).toEqual(
      valuesByPartition(
        records.map(({ data }, index) => ({
          value: Buffer.from(data),
          partition: offsets[index]?.partition ?? -1,
        })),
      ),
    )
  })

  it('is in Kafka, in order per partition, also when the client does not wait for it', async () => {
    await cluster.createTopic('asynchronous', { partitions: 7 })
    const records = Array.from({ length: manyRecords }, (_, index) => ({
      topic: 'asynchronous',
      data: `${index}`,
      key: `key ${index % 100}`,
    }))

    const reply = await kprf.push({ records })
    await until('all records to be delivered', deliveryTimeoutMs, async () => {
      const metrics = await kprf.metrics()
      const sentCount = metrics.sum('kafka_sent_messages', { topic: 'asynchronous' })
      return sentCount === manyRecords ? true : undefined
    })

    expect(reply).toEqual({ status: 200, body: { status: 'ok', errors: [] } })
    expect(valuesByPartition(await readTopic(cluster.bootstrap, 'asynchronous'))).toEqual(
      valuesByPartition(
        records.map(({ data, key }) => ({
          value: Buffer.from(data),
          partition: crc32(key) % 7,
        })),
      ),
    )
  })

  it('goes by its key to the partition that librdkafka chooses, CRC-32 modulo their number', async () => {
    await cluster.createTopic('keyed-by-kprf', { partitions: 7 })
    await cluster.createTopic('keyed-by-librdkafka', { partitions: 7 })
    const random = new SeededRandom(chooseSeed('keys'))
    const keys = [...new Set(Array.from({ length: 500 }, () => randomKey(random)))]
    const lines = keys.map((key) => `${key}|x\n`).join('')

    await deliver(keys.map((key) => ({ topic: 'keyed-by-kprf', data: 'x', key })))
    await runCommand(
      await requireTool('kcat'),
      ['-P', '-b', cluster.bootstrap, '-t', 'keyed-by-librdkafka', '-K', '|'],
      { input: Buffer.from(lines) },
    )

    const chosen = partitionsByKey(await readTopic(cluster.bootstrap, 'keyed-by-kprf'))
    expect(chosen).toEqual(new Map(keys.map((key) => [key, crc32(key) % 7])))
    expect(chosen).toEqual(
      partitionsByKey(await readTopic(cluster.bootstrap, 'keyed-by-librdkafka')),
    )
  })

  it('may be as large as Kafka takes, and not a byte larger', async () => {
    await cluster.createTopic('large', { partitions: 1 })
    const largest = 'x'.repeat(maxBatchBytes - framingBytes)

    const replies = [largest, `${largest}x`].map((data) =>
      kprf.push({ records: [{ topic: 'large', data }], wait_for_send: true }),
    )

    expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 413])
    const stored = await readTopic(cluster.bootstrap, 'large')
    expect(stored.map(({ value }) => value?.equals(Buffer.from(largest)))).toEqual([true])
  })

  it('has the time of the broker where the topic says LogAppendTime, in the reply too', async () => {
    await cluster.createTopic('stamped', {
      config: { 'message.timestamp.type': 'LogAppendTime' },
    })
    const beforeMs = Date.now()

    const offsets = await deliver([
      { topic: 'stamped', data: '0', timestamp: 1_000_000_000_000, partition: 0 },
      { topic: 'stamped', data: '1', timestamp: Date.now() + 86_400_000, partition: 1 },
      { topic: 'stamped', data: '2', partition: 2 },
    ])
    const afterMs = Date.now()

    const timestamps = offsets.map(({ timestamp }) => timestamp)
    const stored = await readTopic(cluster.bootstrap, 'stamped')
    expect(timestamps).toEqual(stored.map(({ timestampMs }) => timestampMs))
    expect(timestamps.every(isBetween(beforeMs, afterMs))).toBe(true)
  })

  it.each([
    { acks: -1, offset: '0' },
    { acks: 1, offset: '0' },
    { acks: 0, offset: null },
  ])('arrives with request_required_acks $acks', async ({ acks, offset }) => {
    const topic = `acks${acks}`
    await cluster.createTopic(topic, { partitions: 1 })
    const started = await startAnother({ 'kafka.request_required_acks': acks })
    const record = { topic, data: 'value', key: 'key', timestamp: 1_700_000_000_123 }

    const offsets = await deliver([record], started)

    expect(offsets).toEqual([{ topic, partition: 0, offset, timestamp: record.timestamp }])
    const stored = await until('the record to arrive', deliveryTimeoutMs, async () => {
      const records = await readTopic(cluster.bootstrap, topic)
      return records.length > 0 ? records : undefined
    })
    expect(stored.map(contentOfStored)).toEqual([contentOfPushed(record)])
    expect((await started.stop()).exitCode).toBe(0)
  })
})

/** What a stored record is found by. */
function placeOf({
  partition,
  offset,
}: {
  readonly partition: number
  readonly offset: bigint | string | null
}): string {
  return `${partition}@${String(offset)}`
}

function byPlace(stored: readonly StoredRecord[]): ReadonlyMap<string, StoredRecord> {
  return new Map(stored.map((record) => [placeOf(record), record]))
}

/** Maps the names of the kinds to their values. */
function zip(named: Readonly<Record<string, unknown>>, values: readonly unknown[]): object {
  return Object.fromEntries(Object.keys(named).map((name, index) => [name, values[index]]))
}

function isBetween(first: number, last: number): (timestampMs: number | undefined) => boolean {
  return (timestampMs = NaN) => timestampMs >= first && timestampMs <= last
}

function valuesByPartition(
  records: readonly Pick<StoredRecord, 'partition' | 'value'>[],
): ReadonlyMap<number, readonly string[]> {
  const values = new Map<number, string[]>()
  for (const { partition, value } of records) {
    values.set(partition, [...(values.get(partition) ?? []), String(value)])
  }
  return new Map([...values].sort(([a], [b]) => a - b))
}

function partitionsByKey(stored: readonly StoredRecord[]): ReadonlyMap<string, number> {
  return new Map(stored.map(({ key, partition }) => [String(key), partition]))
}

/** A key of one to eight characters, none of which kcat takes for the end of a key or a line. */
function randomKey(random: SeededRandom): string {
  const alphabet = Array.from('abcXYZ019 _-äßπ猫😀')
  return Array.from({ length: 1 + random.below(8) }, () => random.pick(alphabet)).join('')
}
