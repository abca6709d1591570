import type { KafkaCluster } from '../cluster/cluster.ts'
import { readUntil, until } from '../../support/until.ts'
import {
  startKprf,
  type Ending,
  type KprfProcess,
  type KprfSettings,
} from '../../support/kprf-process.ts'
import { Ledger, type Verdict, type Evidence } from './ledger.ts'
import { Load } from './load.ts'
import { chooseSeed } from './choose-seed.ts'
import type { MetricSamples } from '../../support/metric-samples.ts'
import { readTopic, type StoredRecord } from './read-topic.ts'

/** What became of a run. */
export interface Reckoning {
  /** Violations, followed by the figures and the end of kprf's log; empty if there are none. */
  readonly violations: readonly string[]
  readonly figures: Readonly<Record<string, number>>
  readonly ending: Ending
}

/** Partitions by topic: many, some, and one that everybody shares. */
const partitionCounts = { many: 6, some: 3, one: 1 }
const settleTimeoutMs = 60_000
const showTimeoutMs = 10_000
/** Lines of kprf's log behind the violations: of a failure on another machine, there is nothing else to read. */
const quotedLogLines = 40

/** One fault test: with its own topics, its own kprf under load, and the comparison at the end. */
export class FaultRun {
  readonly kprf: KprfProcess
  readonly load: Load
  /** Names of the topics. */
  readonly topics: readonly string[]
  readonly #name: string
  readonly #cluster: KafkaCluster
  readonly #ledger: Ledger

  private constructor(name: string, cluster: KafkaCluster, kprf: KprfProcess) {
    const topics = Object.entries(partitionCounts).map(([topic, partitions]) => ({
      name: `${name}-${topic}`,
      partitions,
    }))
    this.kprf = kprf
    this.topics = topics.map((topic) => topic.name)
    this.#name = name
    this.#cluster = cluster
    this.#ledger = new Ledger(
      Object.fromEntries(topics.map((topic) => [topic.name, topic.partitions])),
    )
    const seed = chooseSeed(name)
    this.load = new Load({ kprf, ledger: this.#ledger, topics, seed })
  }

  /** Creates the topics `<name>-many`, `-some` and `-one`, and starts kprf and the load. */
  static async start(
    name: string,
    cluster: KafkaCluster,
    settings: KprfSettings,
  ): Promise<FaultRun> {
    for (const [topic, partitions] of Object.entries(partitionCounts)) {
      await cluster.createTopic(`${name}-${topic}`, { partitions })
    }
    const run = new FaultRun(name, cluster, await startKprf(cluster.bootstrap, settings))
    await run.load.progress(100)
    return run
  }

  /** Takes every partition away from the broker that leads it, and resolves when others have it. */
  async moveAllPartitions(): Promise<void> {
    const ids = this.#cluster.brokers.map(({ id }) => id)
    for (const topic of this.topics) {
      const led = await this.#cluster.describeTopic(topic)
      await this.#cluster.reassign(
        topic,
        led.map(({ leader }) => ids.filter((id) => id !== leader)),
      )
    }
  }

  /** Resolves when no partition is led by this broker. */
  async leadersMovedFrom(brokerId: number): Promise<void> {
    for (const topic of this.topics) {
      await this.#cluster.waitForTopic(topic, (partitions) =>
        partitions.every(({ leader }) => leader !== undefined && leader !== brokerId),
      )
    }
  }

  /** Resolves when every replica is in sync. */
  async replicasInSync(): Promise<void> {
    for (const topic of this.topics) {
      await this.#cluster.waitForTopic(topic, (partitions) =>
        partitions.every(({ replicas, isr }) => isr.length === replicas.length),
      )
    }
  }

  /**
   * Ends the load, lets the queue drain, stops kprf, compares these topics with the ledger and prints
   * the figures. `unaccounted` are the records that kprf counts neither as delivered nor as failed.
   */
  async finish(topics: readonly string[] = this.topics): Promise<Reckoning> {
    await this.load.stop()
    const metrics = await this.#settled()
    const failedCount = metrics.sum('kafka_errors_count')
    const unaccounted = this.#ledger.count - metrics.sum('kafka_sent_messages') - failedCount
    const evidence = {
      givenUpCount: failedCount - this.#ledger.failedCount,
      resentCount: (topic: string) => metrics.sum('kprf_possible_duplicates_total', { topic }),
    }
    return this.judge(topics, await this.kprf.stop(), evidence, { unaccounted })
  }

  /** Compares these topics with the ledger once kprf has ended, and prints the figures. */
  async judge(
    topics: readonly string[],
    ending: Ending,
    evidence: Evidence,
    moreFigures: Readonly<Record<string, number>> = {},
  ): Promise<Reckoning> {
    const verdict = await this.#judgeWhatShows(topics, evidence)
    const figures = { ...this.load.figures, ...verdict.figures, ...moreFigures }
    console.log(`${this.#name}:`, JSON.stringify(figures))
    const { violations } = verdict
    if (violations.length === 0) return { violations, figures, ending }
    const logLines = ending.log.slice(-quotedLogLines).map((line) => JSON.stringify(line))
    return {
      violations: [...violations, JSON.stringify(figures), ...logLines],
      figures,
      ending,
    }
  }

  /** A leader that was just elected shows its records late: what seems to be wrong is looked at again. */
  async #judgeWhatShows(topics: readonly string[], evidence: Evidence): Promise<Verdict> {
    return readUntil(
      ({ violations }) => violations.length === 0,
      showTimeoutMs,
      async () => {
        const stored = new Map<string, readonly StoredRecord[]>()
        for (const topic of topics)
          stored.set(topic, await readTopic(this.#cluster.bootstrap, topic))
        return this.#ledger.judge(stored, evidence)
      },
    )
  }

  /** Resolves to what kprf counted, once its queue is empty. */
  async #settled(): Promise<MetricSamples> {
    return until('the queue to drain', settleTimeoutMs, async () => {
      const metrics = await this.kprf.metrics()
      return metrics.sum('kafka_internal_queue_size') > 0 ? undefined : metrics
    })
  }
}
