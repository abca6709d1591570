import { afterEach, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { KprfOnCluster, transportOn } from '../../support/kafkajs-harness.ts'
import { record } from '../../support/producer-harness.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function startCluster(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ topics: { t: {} } })
  closing.push(() => cluster.close())
  return cluster
}

describe('topics on a broker that creates them', () => {
  it('are not created when they are asked about, unless that is wanted', async () => {
    const cluster = await startCluster()
    const transport = transportOn(cluster)
    closing.push(() => transport.close())

    const asked = await transport.fetchMetadata(['t', 'new'])
    const namesAfterAsking = cluster.topicNames()
    await transport.fetchMetadata(['new'], { mayCreate: true })
    await transport.fetchMetadata(['other'])

    expect(asked.topics.map(({ errorNumber }) => errorNumber)).toEqual([0, 3])
    expect(namesAfterAsking).toEqual(['t'])
    expect(cluster.topicNames()).toEqual(['t', 'new'])
  })

  it('are created up to the bound when thousands are made up in one push', async () => {
    const cluster = await startCluster()
    const kprf = new KprfOnCluster(cluster, {
      ...{ mayCreateTopics: true, maxTopicCreationsPerMinute: 5, maxUnknownTopics: 1_000 },
      messageTimeoutMs: 3_000,
    })
    closing.push(() => kprf.producer.close())
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const outcomes = new Map<string, number>()
    let reports = 0
    const madeUp = Array.from({ length: 2_500 }, (_, n) => record('x', { topic: `x${n}` }))

    const refusals = await kprf.sendAll(madeUp, (report) => {
      const outcome = 'error' in report ? report.error.code : report.status
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      reports += 1
      if (reports === 1_000) resolve(undefined)
    })
    await promise

    expect(refusals?.filter((refusal) => refusal?.code === 'TOO_MANY_UNKNOWN_TOPICS')).toHaveLength(
      1_500,
    )
    expect(Object.fromEntries(outcomes)).toEqual({ persisted: 5, TOPIC_CREATION_LIMITED: 995 })
    expect(cluster.topicNames()).toHaveLength(6)
  })
})
