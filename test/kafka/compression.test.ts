import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { COMPRESSION_CODECS } from '../../src/base/kafka-names.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { consoleTools } from '../clients/support/kafka-tools.ts'
import { BATCHES, CODECS, TINY, TOMBSTONES } from '../support/compressible-records.ts'
import { KprfOnCluster } from '../support/kafkajs-harness.ts'
import { readTopic } from './support/read-topic.ts'
import { contentOfStored, type RecordContent } from './support/records.ts'

/** Where a batch in a segment of Kafka's log has its length and its attributes. */
const LENGTH_AT = 8
const ATTRIBUTES_AT = 21

const batches = [...Object.values(BATCHES), TOMBSTONES, TINY]
const records = batches.flat()

describe('what kprf compresses', () => {
  let cluster: KafkaCluster

  /** Each codec has a topic of its name. */
  beforeAll(async () => {
    cluster = await startCluster()
    for (const codec of CODECS) {
      await cluster.createTopic(codec, { partitions: 1 })
      const kprf = new KprfOnCluster(cluster, { compressionCodec: codec })
      for (const batch of batches) {
        const reports = await kprf.deliver(...batch.map((record) => ({ ...record, topic: codec })))
        expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(['persisted']))
      }
      await kprf.producer.close()
    }
  })

  afterAll(async () => {
    await cluster.stop()
  })

  it.each(CODECS)('with %s is read by librdkafka byte for byte', async (codec) => {
    const stored = await readTopic(cluster.bootstrap, codec)

    expect(stored.map(contentOfStored)).toEqual(records.map(contentOf))
  })

  it.each(CODECS)('with %s is read by the Java client', async (codec) => {
    const { bootstrap } = cluster

    const values = await consoleTools.consume({ bootstrap, topic: codec, count: records.length })

    // Empty lines are not given back.
    const expected = records.map(({ value }) => (value === null ? 'null' : String(value)))
    expect(values).toEqual(expected.filter((value) => value !== ''))
  })

  it.each(CODECS)(
    'with %s is so on the disk, but for what does not become smaller',
    async (codec) => {
      const number = COMPRESSION_CODECS.indexOf(codec)

      const codecs = await codecsOnDisk(cluster, codec)

      expect(codecs).toEqual(batches.map((batch) => (batch === TINY ? 0 : number)))
    },
  )
})

function contentOf({ key, value, headers }: ProducerRecord): RecordContent {
  const bytes = (text: typeof value): Buffer | null => (text === null ? null : Buffer.from(text))
  return {
    key: bytes(key),
    value: bytes(value),
    headers: headers.map((header) => ({ key: header.key, value: bytes(header.value) })),
  }
}

/** The codecs of the batches in partition 0's first segment, by Kafka's numbers. */
async function codecsOnDisk({ directory }: KafkaCluster, topic: string): Promise<number[]> {
  const [segment = ''] = globSync(`**/${topic}-0/00000000000000000000.log`, { cwd: directory })
  const log = await readFile(join(directory, segment))
  const codecs: number[] = []
  // Kafka allots the file before it fills it: what follows the last batch is zero.
  for (let at = 0; at + ATTRIBUTES_AT < log.length && log.readInt32BE(at + LENGTH_AT) > 0;) {
    codecs.push(log.readInt16BE(at + ATTRIBUTES_AT) & 7)
    at += LENGTH_AT + 4 + log.readInt32BE(at + LENGTH_AT)
  }
  return codecs
}
