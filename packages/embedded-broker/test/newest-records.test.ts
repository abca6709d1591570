import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { newestRecords, summaryOf } from '../src/newest-records.ts'
import { readBatchHeader } from '../src/record-batch.ts'
import { recordsOf } from '../src/stored-records.ts'
import { settingsFrom } from '../src/options.ts'
import { BrokerRegistry } from '../src/broker-registry.ts'
import { type Topic, TopicCatalog } from '../src/topic-catalog.ts'
import { encodeRecords, recordBatch, type BatchFields } from './support/batch-builder.ts'

function catalogOf(...topics: readonly string[]): TopicCatalog {
  const catalog = new TopicCatalog(settingsFrom({ defaultPartitions: 2 }), new BrokerRegistry())
  for (const topic of topics) catalog.create(topic)
  return catalog
}

function append(
  catalog: TopicCatalog,
  topic: string,
  partition: number,
  fields: BatchFields,
): void {
  const batch = recordBatch(fields)
  catalog.partition(topic, partition)?.log.append(batch, readBatchHeader(batch), 0)
}

function store(catalog: TopicCatalog, topic: string, partition: number, ...values: string[]): void {
  append(catalog, topic, partition, { records: values.map((value) => ({ value })) })
}

const valuesOf = (topics: readonly Topic[], count: number, after?: number): string[] =>
  newestRecords(topics, { count, ...(after !== undefined && { after }) }).map(
    ({ topic, partition, offset, value }) =>
      `${topic}/${partition}@${offset} ${value?.toString() ?? 'null'}`,
  )

describe('the newest records', () => {
  test('are in the order in which their batches arrived, over partitions and topics', () => {
    const catalog = catalogOf('a', 'b')
    store(catalog, 'a', 1, 'first', 'second')
    store(catalog, 'b', 0, 'third')
    store(catalog, 'a', 0, 'fourth')

    expect(valuesOf(catalog.topics(), 10)).toEqual([
      'a/1@0 first',
      'a/1@1 second',
      'b/0@0 third',
      'a/0@0 fourth',
    ])
  })

  test('are as many as asked for, also within a batch', () => {
    const catalog = catalogOf('a')
    store(catalog, 'a', 0, 'one', 'two', 'three')
    store(catalog, 'a', 1, 'four')

    expect(valuesOf(catalog.topics(), 3)).toEqual(['a/0@1 two', 'a/0@2 three', 'a/1@0 four'])
    expect(valuesOf(catalog.topics(), 0)).toEqual([])
  })

  test('are those that arrived after a batch, also after the topic was created again', () => {
    const catalog = catalogOf('a')
    store(catalog, 'a', 0, 'old')
    const before = catalog.arrivals.latest
    store(catalog, 'a', 0, 'new')

    expect(valuesOf(catalog.topics(), 10, before)).toEqual(['a/0@1 new'])

    const later = catalog.arrivals.latest
    catalog.delete('a')
    catalog.create('a')
    store(catalog, 'a', 0, 'again')

    expect(valuesOf(catalog.topics(), 10, later)).toEqual(['a/0@0 again'])
  })

  test('are read from compressed batches too, and a batch that nobody can read is left out', () => {
    const catalog = catalogOf('a')
    const body = gzipSync(encodeRecords([{ value: 'one' }, { value: 'two' }]))
    append(catalog, 'a', 0, { body, recordCount: 2, attributes: 1 })
    append(catalog, 'a', 0, { body: Buffer.from('no gzip'), attributes: 1 })
    store(catalog, 'a', 0, 'three')

    expect(valuesOf(catalog.topics(), 3)).toEqual(['a/0@0 one', 'a/0@1 two', 'a/0@3 three'])
  })

  test('cost no more than the batches that they are in: an older one is not opened', () => {
    const catalog = catalogOf('a')
    store(catalog, 'a', 0, 'old')
    const [oldest] = catalog.partition('a', 0)?.log.batches() ?? []
    // It would throw, and be left out, if it were read.
    oldest?.bytes.fill(0xff, 61)
    store(catalog, 'a', 0, 'new')

    expect(valuesOf(catalog.topics(), 1)).toEqual(['a/0@1 new'])
    expect(valuesOf(catalog.topics(), 2)).toEqual(['a/0@1 new'])
    expect(() => oldest && recordsOf(0, oldest)).toThrow()
  })
})

test('the summary of a topic counts what its partitions keep', () => {
  const catalog = catalogOf('a')
  store(catalog, 'a', 0, 'one', 'two')
  store(catalog, 'a', 1, 'three')

  expect(catalog.topics().map(summaryOf)).toEqual([{ name: 'a', partitions: 2, records: 3 }])
})
