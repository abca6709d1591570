/**
 * The hot functions between a request and the socket to a broker, each with the input of a usual record. Each case
 * checks its result before it is timed, so that nothing that fails is fast.
 */
import assert from 'node:assert/strict'
import { Registry } from 'prom-client'
import { JsonParser } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'
import { parsePush, type PushRules } from '../../src/http/push/parse-push.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { encodeProduce } from '../../src/producer/kafkajs/produce-request.ts'
import { PARTITIONERS } from '../../src/producer/partitioner.ts'
import { measure, RecordBatchWriter } from '../../src/producer/record-batch.ts'
import type { EncodedBatch } from '../../src/producer/transport.ts'
import { RecordColumns } from '../../src/producer/record-columns.ts'
import type { ProducerRecord, RecordBytes } from '../../src/producer/types.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { RequestMetrics } from '../../src/telemetry/metrics/request-metrics.ts'

/** What is timed. */
export interface Case {
  readonly name: string
  /** How many operations one call of `run` is: a single one would be shorter than the clock can tell. */
  readonly operations: number
  readonly run: () => void
}

const OWNER = { deliveryTimeoutMs: 300_000 }
const NOW_MS = 1_700_000_000_000
const SMALL_BYTES = 100
const LARGE_BYTES = 4_096
const RULES: PushRules = {
  ...{ maxRecordsPerRequest: 10_000, maxTopicsPerRequest: 1_000, unknownFields: 'ignore' },
  allowOldTimestamps: false,
  invalidRecords: 'refuse_request',
  replies: 'readme',
}

/** All cases, checked. */
export function microCases(): readonly Case[] {
  return [
    json('JSON: 1 record of 100 B', 1),
    json('JSON: 100 records of 100 B', 100),
    parse('parse: 1 record of 100 B', 1, SMALL_BYTES),
    parse('parse: 1 record of 4 KiB', 1, LARGE_BYTES),
    parse('parse: 100 records of 100 B', 100, SMALL_BYTES),
    append('append: a record of 100 B', SMALL_BYTES),
    append('append: a record of 4 KiB', LARGE_BYTES),
    frame('frame: 1 batch of 1 record of 100 B', 1, 1),
    frame('frame: 1 batch of 1,000 records of 100 B', 1, 1_000),
    frame('frame: 100 batches of 1 record of 100 B', 100, 1),
    partition('partition: murmur2 of a string of 16 B', 'customer-0123456'),
    partition('partition: murmur2 of a buffer of 16 B', Buffer.from('customer-0123456')),
    countRequest('metrics: a request that is answered'),
    countDelivery('metrics: a record of 1,000 that came one by one', 1_000, 1),
    countDelivery('metrics: a record of 1,000 that came in pushes of 100', 1_000, 100),
  ]
}

/** What the edge counts of a request. */
function countRequest(name: string): Case {
  const requests = new RequestMetrics(new Registry())
  const run = (): void => {
    requests.began()
    requests.bodyRead(137)
    requests.answered('POST', '/push', 200, 3.7)
  }
  return repeated(name, 1_000, run)
}

/** What is counted of the records of a delivered batch, so many of which were pushed together. */
function countDelivery(name: string, count: number, together: number): Case {
  const metrics = new Metrics({
    ...{ version: '', commitHash: '', bufferedRecords: () => [] },
    state: () => {
      throw new Error('nobody scrapes')
    },
  })
  const records = RecordColumns.of(
    Array.from({ length: count }, (_, position) => ({
      admittedMs: Math.floor(position / together) / 7,
      ...{ timestampMs: 0, valueBytes: 1, owner: OWNER, index: 0, isPinned: false },
    })),
  )
  const run = (): void => {
    metrics.recordsDelivered('orders', records, 160)
  }
  run()
  return { name, operations: count, run }
}

/** The scan of a body, JSON.parse, and the search for duplicate names. */
function json(name: string, records: number): Case {
  const parser = new JsonParser(jsonLimits(RULES.maxRecordsPerRequest))
  const body = Buffer.from(pushOf(records, SMALL_BYTES))
  assert.deepEqual(parser.parse(body), JSON.parse(body.toString()))
  return repeated(name, Math.ceil(1_000 / records), () => parser.parse(body))
}

/** `parsePush` of a body whose JSON is parsed. */
function parse(name: string, records: number, valueBytes: number): Case {
  const bytes = Buffer.from(pushOf(records, valueBytes))
  const body = { bytes, json: JSON.parse(bytes.toString()) as unknown }
  const parsed = parsePush(body, RULES)
  assert.ok(parsed.kind === 'valid')
  assert.equal(parsed.records.length, records)
  assert.equal(parsed.records.at(-1)?.value, 'x'.repeat(valueBytes))
  return repeated(name, Math.ceil(1_000 / records), () => parsePush(body, RULES))
}

function pushOf(records: number, valueBytes: number): string {
  const one = { topic: 'orders', key: 'customer-1', data: 'x'.repeat(valueBytes) }
  return JSON.stringify({ records: new Array(records).fill(one) })
}

/** `append` to batches of a megabyte, the memory of each batch coming from the pool and going back to it. */
function append(name: string, valueBytes: number): Case {
  const pool = new ChunkPool()
  const record = recordOf('x'.repeat(valueBytes))
  let writer = new RecordBatchWriter(NOW_MS, pool)
  const run = (): void => {
    if (writer.sizeBytes > 1_000_000) {
      writer.release()
      writer = new RecordBatchWriter(NOW_MS, pool)
    }
    writer.append(record, measure(record), NOW_MS)
  }
  run()
  const batch = Buffer.concat(writer.finish())
  assert.equal(writer.count, 1)
  assert.equal(batch.length, writer.sizeBytes)
  assert.ok(batch.includes(`customer-1`) && batch.includes('x'.repeat(valueBytes)))
  return repeated(name, 1_000, run)
}

/** `encodeProduce` of so many batches of one topic. */
function frame(name: string, batches: number, recordsEach: number): Case {
  const encoded = Array.from({ length: batches }, (_, number) => batchOf(number, recordsEach))
  const options = { apiVersion: 7, acks: -1, timeout: 30_000, correlationId: 1, clientId: 'kprf' }
  const request = Buffer.concat(encodeProduce(encoded, options))
  assert.equal(request.readInt32BE(0), request.length - 4)
  for (const { pieces } of encoded) assert.ok(request.includes(Buffer.concat(pieces)))
  return repeated(name, 100, () => encodeProduce(encoded, options))
}

/** The partition of a key among twelve. */
function partition(name: string, key: RecordBytes): Case {
  const leaders = new Array<number>(12).fill(1)
  // As Kafka's own Utils.murmur2 says.
  assert.equal(PARTITIONERS.murmur2('21', new Array<number>(1_000).fill(1), Math.random), 340)
  return repeated(name, 1_000, () => PARTITIONERS.murmur2(key, leaders, Math.random))
}

function repeated(name: string, operations: number, operation: () => unknown): Case {
  // What is computed must be used, or it need not be computed.
  let seen: unknown
  const run = (): unknown => {
    for (let n = 0; n < operations; n += 1) seen = operation()
    return seen
  }
  return { name, operations, run: () => void run() }
}

function recordOf(value: string): ProducerRecord {
  return {
    ...{ topic: 'orders', partition: 0, key: 'customer-1', value },
    ...{ headers: [], timestampMs: undefined },
  }
}

function batchOf(number: number, records: number): EncodedBatch {
  const writer = new RecordBatchWriter(NOW_MS, new ChunkPool())
  const record = recordOf('x'.repeat(SMALL_BYTES))
  for (let n = 0; n < records; n += 1) writer.append(record, measure(record), NOW_MS)
  const { sizeBytes } = writer
  return { topic: 'orders', partition: number, pieces: writer.finish(), sizeBytes }
}
