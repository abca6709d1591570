/** Row P25: brokers that do not read the configured compression. */
import { describe, expect } from 'vitest'
import { fault } from '@kprf/embedded-broker/testing'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { producingUpTo } from './support/old-broker.ts'

const compressible = (name: string): string => `${name} `.repeat(100)
const WARNING =
  'a broker does not read the configured compression; its batches are sent uncompressed'

describe('a broker that does not read the configured compression', () => {
  it('P25 zstd, by its versions (Kafka 2.0 and earlier): 200, uncompressed, and never sent compressed', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ brokers: 2, topics: { t: { partitions: 2 } } })
    cluster.moveLeader('t', 0, 1)
    cluster.moveLeader('t', 1, 2)
    cluster.control('ApiVersions', producingUpTo(5), { brokerId: 1, keep: true })
    const proxy = await lab.proxy(cluster, { 'kafka.properties.compression.codec': 'zstd' })

    for (const name of ['a', 'b', 'c']) {
      const reply = await proxy.push(
        record(compressible(name), { partition: 0 }),
        record(compressible(`other ${name}`), { partition: 1 }),
      )
      expect(reply).toMatchObject(OK)
    }

    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'].map(compressible))
    const compressions = [0, 1].map((partition) => [
      ...new Set(cluster.records('t', partition).map(({ compression }) => compression)),
    ])
    expect(compressions).toEqual([['none'], ['zstd']])
    const toOld = cluster.requests.filter(
      ({ api, brokerId }) => api === 'Produce' && brokerId === 1,
    )
    expect(toOld).toHaveLength(3)
    await proxy.logged({ msg: WARNING, broker: 1, codec: 'zstd' })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 6, kafka_errors_count: {} })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 6 }))
  })

  it('P25 lz4, by error 76: 200, sent again uncompressed, and uncompressed from then on', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup(
      { topics: { t: { partitions: 1 } } },
      { 'kafka.properties.compression.codec': 'lz4' },
    )
    const refusal = cluster.control('Produce', fault.error(76))

    expect(await proxy.push(record(compressible('a')))).toMatchObject(OK)
    expect(await proxy.push(record(compressible('b')))).toMatchObject(OK)

    expect(refusal.appliedCount).toBe(1)
    expect(cluster.records('t').map(({ compression }) => compression)).toEqual(['none', 'none'])
    await proxy.logged({ msg: WARNING, broker: 1, codec: 'lz4' })
    expect(await proxy.figures()).toMatchObject({ kafka_sent_messages: 2, kafka_errors_count: {} })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2 }))
  })
})
