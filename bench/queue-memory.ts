/**
 * Measures the memory of the queue beyond the bytes of records: per topic with one record, and per record. The
 * producer's constants for its memory (CHUNK_OVERHEAD_BYTES, RECORD_BOOKKEEPING_BYTES) come from this program: `npm
 * run bench:queue-memory`.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../src/base/clock.ts'
import { ChunkPool } from '../src/producer/chunk-pool.ts'
import { Producer } from '../src/producer/producer.ts'
import { AcceptedRecords } from '../src/ingest/accepted-records.ts'
import type { ProducerRecord } from '../src/producer/types.ts'
import { DEFAULT_SETTINGS } from '../test/support/default-settings.ts'
import { FakeTransport } from '../test/support/fake-transport.ts'
import { NO_EVENTS } from '../test/support/recording-events.ts'
import { type ReportListener, sendAll } from '../test/support/send-all.ts'
import { scriptArguments } from '../scripts/arguments.ts'
import { ScriptProgress } from '../scripts/progress.ts'

scriptArguments('Usage: npm run bench:queue-memory', {})

const TOPICS = 20_000
const RECORDS = 400_000
/** Records that nobody waits for. */
const ACCEPTED = { owner: new AcceptedRecords(Infinity) }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A pool that knows how much it has lent, without what it adds for the objects of each chunk. */
class PlainPool extends ChunkPool {
  bytes = 0

  override lend(minBytes: number): Buffer {
    const chunk = super.lend(minBytes)
    this.bytes += chunk.length
    return chunk
  }

  override giveBack(chunk: Buffer): void {
    this.bytes -= chunk.length
    super.giveBack(chunk)
  }
}

async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function record(topic: string): ProducerRecord {
  return {
    ...{ topic, partition: undefined, key: null, value: 'a value of 30 bytes, as it is.' },
    ...{ headers: [], timestampMs: undefined },
  }
}

/** Memory of a filled queue beyond its chunks, bytes. */
async function overheadOf(
  topics: Readonly<Record<string, number>>,
  fill: (producer: Producer) => Promise<void>,
): Promise<number> {
  const pool = new PlainPool(0)
  const settings = {
    ...{ ...DEFAULT_SETTINGS, queueBufferingMaxMessages: 0, queueMemoryMaxBytes: 2 ** 40 },
    ...{ lingerMs: 900_000, maxUnknownTopics: TOPICS },
  }
  const transport = new FakeTransport(topics)
  transport.availability = Object.keys(topics).length === 0 ? 'down' : 'up'
  transport.otherwise = () => 'hold'
  const before = await usedBytes()
  const producer = new Producer(settings, {
    ...{ pool, events: NO_EVENTS, clock: systemClock, random: Math.random, transport },
  })
  await fill(producer)
  const overheadBytes = (await usedBytes()) - before - pool.bytes
  await producer.close()
  progress.done()
  return overheadBytes
}

async function fillTopic(producer: Producer, listener?: ReportListener): Promise<void> {
  await sendAll(producer, [record('t')], undefined, ACCEPTED)
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (let sent = 0; sent < RECORDS; sent += 100) {
    const records = Array.from({ length: 100 }, () => record('t'))
    await sendAll(
      producer,
      records,
      listener &&
        ((report, index) => {
          listener(report, index)
        }),
      listener ? { deliveryTimeoutMs: Infinity } : ACCEPTED,
    )
  }
}

async function fillTopics(producer: Producer): Promise<void> {
  for (let topic = 0; topic < TOPICS; topic += 1) {
    await sendAll(producer, [record(`topic-${topic}`)], undefined, ACCEPTED)
  }
  if (producer.bufferedRecords < TOPICS) throw new Error('the producer refused records')
  await new Promise((resolve) => setTimeout(resolve, 3_000))
}

const progress = new ScriptProgress({ verb: 'filled', noun: 'queue', total: 4 })
const knownTopics = Object.fromEntries(Array.from({ length: TOPICS }, (_, n) => [`topic-${n}`, 1]))
const perUnknownTopic = await overheadOf({}, fillTopics)
const perTopic = await overheadOf(knownTopics, fillTopics)
const perRecord = await overheadOf({ t: 1 }, (producer) => fillTopic(producer))
const perListener = await overheadOf({ t: 1 }, (producer) => fillTopic(producer, () => undefined))
progress.end()
for (const [what, bytes] of [
  ['an unknown topic', perUnknownTopic],
  ['a topic', perTopic],
] as const) {
  console.log(`${what} with one record: ${Math.round(bytes / TOPICS)} bytes beside its chunk`)
}
console.log(`a record: ${(perRecord / RECORDS).toFixed(1)} bytes beside its chunk`)
console.log(`a record that is listened for: ${(perListener / RECORDS).toFixed(1)} bytes`)
process.exit()
