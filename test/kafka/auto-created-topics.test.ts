import { afterEach, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import { readTopic } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'

const oneByOne = 8
const atOnce = 10
/**
 * Longer than busy brokers take to create topics, which the test prints. The default of kprf is shorter, so that a push to
 * an unknown topic is answered soon.
 */
const graceMs = 20_000

describe('the first push to a topic that Kafka creates for it', () => {
  let cluster: KafkaCluster | undefined
  let kprf: KprfProcess | undefined

  afterEach(async () => {
    await kprf?.destroy()
    await cluster?.stop()
  })

  it.each([{ brokers: 1 }, { brokers: 3 }] as const)(
    'is answered 200 once Kafka has created it, with $brokers broker(s)',
    async ({ brokers }) => {
      cluster = await startCluster({ brokers })
      const started = (kprf = await startKprf(cluster.bootstrap, {
        'kafka.message_timeout_ms': graceMs,
        'kafka.topic_metadata_propagation_max_ms': graceMs,
      }))
      await started.logged('Kafka is reachable')
      const firstPush = async (topic: string): Promise<{ status: number; durationMs: number }> => {
        const startedMs = performance.now()
        const { status } = await started.push({
          records: [{ topic, data: topic, key: topic }],
          wait_for_send: true,
        })
        return { status, durationMs: Math.round(performance.now() - startedMs) }
      }

      const replies = []
      for (let index = 0; index < oneByOne; index += 1) {
        replies.push(await firstPush(`single-${index}`))
      }
      replies.push(
        ...(await Promise.all(
          Array.from({ length: atOnce }, (_, index) => firstPush(`crowd-${index}`)),
        )),
      )

      console.log(
        `first push to a new topic, ${brokers} broker(s), ms:`,
        replies.map(({ durationMs }) => durationMs).join(' '),
      )
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      expect(textsOf(await readTopic(cluster.bootstrap, 'crowd-0'))).toEqual(['crowd-0'])
    },
  )
})
