/** What kprf compresses, on the embedded broker, as clients that were written elsewhere read it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { BATCHES, CODECS } from '../support/compressible-records.ts'
import { KprfOnCluster } from '../support/kafkajs-harness.ts'
import { kafkaPython } from './support/kafka-python.ts'
import { consoleTools } from './support/kafka-tools.ts'
import { kcat } from './support/kcat.ts'

const batches = Object.values(BATCHES)
const values = batches.flat().map(({ value }) => String(value))
const clients = [kcat, kafkaPython, consoleTools]

describe.each(CODECS)('what kprf compresses with %s', (codec) => {
  let cluster: TestCluster

  beforeAll(async () => {
    cluster = await TestCluster.start({ topics: { t: { partitions: 1 } } })
    const kprf = new KprfOnCluster(cluster, { compressionCodec: codec })
    for (const batch of batches) await kprf.deliver(...batch)
    await kprf.producer.close()
  })

  afterAll(async () => {
    await cluster.close()
  })

  test('is stored as it was compressed', () => {
    const stored = cluster.records('t')

    expect(stored.map(({ value }) => String(value))).toEqual(values)
    expect(new Set(stored.map(({ compression }) => compression))).toEqual(new Set([codec]))
  })

  test.each(clients.filter(({ lacks }) => !lacks.includes(codec)))(
    'is read by $name',
    async (client) => {
      const count = values.length

      const read = await client.consume({ bootstrap: cluster.bootstrap, topic: 't', count })

      // Empty lines are not given back.
      expect(read).toEqual(values.filter((value) => value !== ''))
    },
  )
})
