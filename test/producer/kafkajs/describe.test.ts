/** What kprf tells clients of topics, as brokers describe them, and what a question leaves as it was. */
import { expect, it, onTestFinished } from 'vitest'
import { TestCluster, fault } from '@kprf/embedded-broker/testing'
import { ALL_TOPICS } from '../../../src/base/cluster-description.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { ProducerEvent } from '../../../src/producer/events.ts'
import { transportOn } from '../../support/kafkajs-harness.ts'

async function start(options: Parameters<typeof TestCluster.start>[0] = {}) {
  const cluster = await TestCluster.start({
    ...{ brokers: 3, topics: { b: { partitions: 3 }, a: { partitions: 1 } } },
    ...options,
  })
  onTestFinished(() => cluster.close())
  const kinds = new Set<ProducerEvent['kind']>()
  const events = { emit: ({ kind }: ProducerEvent): unknown => kinds.add(kind) }
  const transport = transportOn(cluster, {}, systemClock, () => undefined, events)
  onTestFinished(() => transport.close())
  return { cluster, transport, kinds }
}

it('names the cluster, its controller and its brokers', async () => {
  const { transport } = await start()

  const { cluster, topics } = await transport.describe([])

  expect(cluster).toEqual({
    clusterId: expect.stringMatching(/^[\w-]{22}$/) as string,
    controllerId: expect.any(Number) as number,
    brokerIds: [1, 2, 3],
  })
  expect(topics).toEqual([])
})

it('describes all topics, or those that are asked for and exist', async () => {
  const { transport } = await start()

  const all = await transport.describe(ALL_TOPICS)
  const some = await transport.describe(['b', 'missing'])

  expect(all.topics.map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
  expect(some.topics).toEqual([
    {
      name: 'b',
      partitions: [
        { partition: 0, leader: 1, replicas: [1, 2, 3], inSync: [1, 2, 3] },
        { partition: 1, leader: 2, replicas: [2, 3, 1], inSync: [2, 3, 1] },
        { partition: 2, leader: 3, replicas: [3, 1, 2], inSync: [3, 1, 2] },
      ],
    },
  ])
})

it('says which replicas are in sync, and which partition has no leader', async () => {
  const { cluster, transport } = await start()
  await cluster.stopBroker(1)
  const where = { topic: 'a', partition: 0 }
  cluster.control('Metadata', fault.metadataLie({ ...where, partitionErrorCode: 5, leaderId: -1 }))

  const { topics } = await transport.describe(['a', 'b'])

  const first = { partition: 0, replicas: [1, 2, 3], inSync: [2, 3] }
  expect(topics.find(({ name }) => name === 'a')?.partitions).toEqual([
    { ...first, leader: undefined },
  ])
  expect(topics.find(({ name }) => name === 'b')?.partitions[0]).toEqual({ ...first, leader: 2 })
})

it('shows no topic that kprf may not see, and one that has no leader yet', async () => {
  const { cluster, transport } = await start()
  const answer = (topic: string, topicErrorCode: number): void => {
    const lie = fault.metadataLie({ topic, topicErrorCode })
    cluster.control('Metadata', lie)
  }
  answer('a', 29)
  expect((await transport.describe(['a'])).topics).toEqual([])

  answer('a', 5)
  expect((await transport.describe(['a'])).topics).toMatchObject([{ name: 'a' }])
})

it('creates no topic, also where brokers would', async () => {
  const { cluster, transport } = await start({ autoCreateTopics: true })
  const creating = transport.fetchMetadata(['created'], { mayCreate: true })
  const reading = transport.describe(['read'])
  const creatingAnother = transport.fetchMetadata(['another'], { mayCreate: true })

  await Promise.all([creating, reading, creatingAnother])

  expect(cluster.topicNames().toSorted()).toEqual(['a', 'another', 'b', 'created'])
})

it('leaves what is known of leaders and of the availability of Kafka as it is', async () => {
  const { cluster, transport, kinds } = await start({ brokers: 1 })

  await transport.describe(ALL_TOPICS)
  expect([transport.availability, transport.metadataAgeMs]).toEqual(['unknown', undefined])
  expect(kinds).not.toContain('brokersLearned')

  await transport.fetchMetadata(['b'])
  expect(transport.availability).toBe('up')
  await cluster.stopBroker(1)
  await expect(transport.describe(['b'])).rejects.toMatchObject({ errorNumber: -195 })
  expect(transport.availability).toBe('up')
})
