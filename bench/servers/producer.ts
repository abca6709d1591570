/**
 * The producer alone, without HTTP: sends records in waves, each after Kafka has acknowledged the last, and prints
 * the cost. Arguments: brokers, topic, bytes of a record, records of a wave, and duration in milliseconds.
 */
import { systemClock } from '../../src/base/clock.ts'
import { COMPRESSION_CODECS } from '../../src/base/kafka-names.ts'
import { withCompression } from '../../src/producer/compression/compressing-transport.ts'
import type { EventSink } from '../../src/producer/events.ts'
import { KafkajsTransport } from '../../src/producer/kafkajs/kafkajs-transport.ts'
import { Producer } from '../../src/producer/producer.ts'
import {
  DEFAULT_SETTINGS,
  DEFAULT_TRANSPORT_SETTINGS,
} from '../../test/support/default-settings.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { AcceptedRecords } from '../../src/ingest/accepted-records.ts'
import { sendAll } from '../../test/support/send-all.ts'
import { jsonValues } from '../support/json-values.ts'

const RECORDS_PER_CALL = 40
const WARM_UP_SHARE = 0.3

const [bootstrap = '', topic = '', bytes = '', waveSize = '', forMs = '', codec] =
  process.argv.slice(2)
const compressionCodec = COMPRESSION_CODECS.find((name) => name === codec) ?? 'none'

let onDelivered: () => void = () => undefined
let batches = 0
let wireBytes = 0
const events: EventSink = {
  emit: (event) => {
    switch (event.kind) {
      case 'recordsDelivered':
        batches += 1
        onDelivered()
        break
      case 'recordsFailed':
        throw new Error(event.failure.error.text)
      case 'recordsRefused':
        throw new Error(event.error.text)
      case 'batchesSent':
        for (const { sizeBytes } of event.batches) wireBytes += sizeBytes
        break
      default:
    }
  },
}
const transportDependencies = {
  ...{ clock: systemClock, random: Math.random, log: () => undefined, events },
}
const transport = withCompression(
  new KafkajsTransport(
    {
      ...DEFAULT_TRANSPORT_SETTINGS,
      ...{ brokers: bootstrap.split(','), clientId: 'bench' },
    },
    transportDependencies,
  ),
  { compressionCodec, compressionLevel: -1 },
  transportDependencies,
)
const producer = new Producer(
  {
    ...DEFAULT_SETTINGS,
    ...{ mayCreateTopics: false, queueBufferingMaxMessages: 0, lingerMs: 5 },
  },
  { transport, clock: systemClock, random: Math.random, events },
)

/** Of records that nobody waits for. */
const owner = new AcceptedRecords(30_000)

/** Strings as they come out of JSON, so that none is a rope. */
const values =
  codec === undefined
    ? [flat('abcdefghijklmnop'.repeat(Number(bytes) / 16 + 1).slice(0, Number(bytes)))]
    : jsonValues(Number(waveSize), Number(bytes)).map(flat)
const partitions = 4
const calls = Array.from({ length: Number(waveSize) / RECORDS_PER_CALL }, (_, call) =>
  Array.from({ length: RECORDS_PER_CALL }, (_, record): ProducerRecord => ({
    ...{ topic, partition: call % partitions, key: null, headers: [] },
    value: values[(call * RECORDS_PER_CALL + record) % values.length] ?? '',
    timestampMs: undefined,
  })),
)

function flat(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}

async function sendWave(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  onDelivered = () => {
    if (producer.bufferedRecords === 0) resolve(undefined)
  }
  for (const records of calls) await sendAll(producer, records, undefined, { owner })
  await promise
}

/** Sends waves for this time and returns their number. */
async function sendFor(durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs
  let waves = 0
  for (; performance.now() < endMs; waves += 1) await sendWave()
  return waves
}

producer.start()
const warmUpWaves = await sendFor(Number(forMs) * WARM_UP_SHARE)
const before = process.cpuUsage()
const batchesBefore = batches
const wireBytesBefore = wireBytes
const waves = await sendFor(Number(forMs))
const { user, system } = process.cpuUsage(before)
const records = waves * Number(waveSize)
await producer.close()
console.log(
  JSON.stringify({
    sent: records + warmUpWaves * Number(waveSize),
    cpuPerRecordUs: (user + system) / records,
    recordsPerBatch: records / (batches - batchesBefore),
    wireBytesPerRecord: (wireBytes - wireBytesBefore) / records,
  }),
)
