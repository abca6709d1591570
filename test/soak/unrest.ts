import { setTimeout as sleep } from 'node:timers/promises'
import { type TestCluster, fault as faults } from '@kprf/embedded-broker/testing'
import type { KprfProcess } from '../support/kprf-process.ts'
import type { PushedRecord } from '../support/push.ts'
import type { SeededRandom } from '../support/random.ts'

/** Topics that exist. */
export const TOPICS = ['orders', 'clicks', 'payments', 'logs'] as const
export const PARTITIONS = 4

const MAX_RECORDS = 20
const MAX_PAUSE_MS = 30
const MAX_VALUE_BYTES = 2_000
/** Pushes to topics that do not exist, each under a name of its own. */
const UNKNOWN_TOPIC_CHANCE = 0.01
const SETTINGS_CALM_MS = 3_000
const TROUBLE_MS = 1_200

/** The clients of every kind, and the brokers that stop and return, during a soak. */
export class Unrest {
  readonly #kprf: KprfProcess
  readonly #cluster: TestCluster
  readonly #dice: SeededRandom
  readonly #statuses = new Map<number, number>()
  #isOver = false
  #unknownTopics = 0
  #sent = 0
  #troubles = 0

  constructor(kprf: KprfProcess, cluster: TestCluster, dice: SeededRandom) {
    this.#kprf = kprf
    this.#cluster = cluster
    this.#dice = dice
  }

  /** Records pushed so far, replies by status, and how often brokers were in trouble. */
  get figures(): Readonly<Record<string, number>> {
    const statuses = [...this.#statuses].map(([status, count]) => [`status ${status}`, count])
    return {
      records: this.#sent,
      ...(Object.fromEntries(statuses) as Record<string, number>),
      troubles: this.#troubles,
    }
  }

  /** Runs until {@link Unrest.end}. */
  async run(clients: number): Promise<void> {
    const pushing = Array.from({ length: clients }, () => this.#push())
    await Promise.all([...pushing, this.#trouble()])
  }

  /** Ends the load and the broker faults. */
  end(): void {
    this.#isOver = true
  }

  async #push(): Promise<void> {
    while (!this.#isOver) {
      const count = this.#dice.chance(0.5) ? 1 : this.#dice.between(1, MAX_RECORDS)
      const records = Array.from({ length: count }, () => this.#record())
      const { status } = await this.#kprf.push({ records, wait_for_send: this.#dice.chance(0.5) })
      this.#sent += records.length
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
      await sleep(this.#dice.between(0, MAX_PAUSE_MS))
    }
  }

  #record(): PushedRecord {
    const dice = this.#dice
    const isUnknown = dice.chance(UNKNOWN_TOPIC_CHANCE)
    if (isUnknown) this.#unknownTopics += 1
    return {
      topic: isUnknown ? `unknown-${this.#unknownTopics}` : dice.pick(TOPICS),
      data: 'x'.repeat(dice.between(0, MAX_VALUE_BYTES)),
      key: dice.chance(0.5) ? String(dice.between(0, 1_000)) : null,
      ...(dice.chance(0.2) && { partition: dice.between(0, PARTITIONS - 1) }),
    }
  }

  async #trouble(): Promise<void> {
    const cluster = this.#cluster
    while (!this.#isOver) {
      await sleep(this.#dice.between(0, SETTINGS_CALM_MS))
      this.#troubles += 1
      const brokerId = this.#dice.pick(cluster.brokerIds)
      switch (this.#dice.pick(['stop', 'cut', 'hang', 'move'])) {
        case 'stop':
          await cluster.stopBroker(brokerId)
          await sleep(this.#dice.between(0, TROUBLE_MS))
          await cluster.startBroker(brokerId)
          break
        case 'cut':
          cluster.cutConnections()
          break
        case 'hang':
          cluster.control('Produce', faults.hang(), { brokerId })
          break
        default:
          for (const topic of TOPICS) {
            cluster.moveLeader(topic, this.#dice.between(0, PARTITIONS - 1), brokerId)
          }
      }
    }
    cluster.clearControls()
  }
}
