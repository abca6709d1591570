/** The brokers of a benchmark, and the number of their records. */
import { Kafka, logLevel } from 'kafkajs'
import { startNode, type Child } from './child.ts'

/** Running brokers. */
export class Broker {
  readonly bootstrap: string
  readonly #child: Child | undefined

  private constructor(bootstrap: string, child: Child | undefined) {
    this.bootstrap = bootstrap
    this.#child = child
  }

  /**
   * Starts embedded brokers with these topics and numbers of partitions in a separate process.
   *
   * @param bootstrap - running brokers to use instead.
   */
  static async start(
    topics: Readonly<Record<string, number>>,
    bootstrap?: string,
  ): Promise<Broker> {
    if (bootstrap !== undefined) {
      const broker = new Broker(bootstrap, undefined)
      await broker.#createTopics(topics)
      return broker
    }
    const args = Object.entries(topics).map(([topic, partitions]) => `${topic}=${partitions}`)
    const child = await startNode(
      [...process.execArgv, 'bench/broker.ts', ...args],
      /^brokers (?<bootstrap>.+)$/,
    )
    return new Broker(child.match.groups?.['bootstrap'] ?? '', child)
  }

  /** Number of records that a topic has ever had, by its offsets. */
  async recordCount(topic: string): Promise<number> {
    const kafka = new Kafka({
      brokers: this.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
    })
    const admin = kafka.admin()
    await admin.connect()
    try {
      const partitions = await admin.fetchTopicOffsets(topic)
      return partitions.reduce((sum, { high }) => sum + Number(high), 0)
    } finally {
      await admin.disconnect()
    }
  }

  async #createTopics(topics: Readonly<Record<string, number>>): Promise<void> {
    const admin = new Kafka({
      brokers: this.bootstrap.split(','),
      logLevel: logLevel.NOTHING,
    }).admin()
    await admin.connect()
    try {
      await admin.createTopics({
        topics: Object.entries(topics).map(([topic, numPartitions]) => ({ topic, numPartitions })),
      })
    } finally {
      await admin.disconnect()
    }
  }

  async stop(): Promise<void> {
    await this.#child?.stop()
  }
}
