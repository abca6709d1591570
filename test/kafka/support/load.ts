/**
 * Load on kprf from clients that each push in a loop, one push at a time, as long as the load lasts.
 * Between them they push in every way there is: waiting for delivery or not, by key, by partition or
 * by neither. The ledger learns of everything.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../support/until.ts'
import type { KprfProcess } from '../../support/kprf-process.ts'
import type { Ledger } from './ledger.ts'
import type { Push, PushedRecord, PushReply } from '../../support/push.ts'
import { SeededRandom } from '../../support/random.ts'

/** A topic to push to. */
export interface LoadTopic {
  readonly name: string
  readonly partitions: number
}

/** What a {@link Load} is made of. */
export interface LoadOptions {
  readonly kprf: KprfProcess
  readonly ledger: Ledger
  readonly topics: readonly LoadTopic[]
  readonly seed: number
  /** How many clients push in each of the six ways. @defaultValue 3 */
  readonly clientsPerWay?: number
}

/** How a client pushes. */
interface Way {
  readonly isSync: boolean
  readonly addressing: 'key' | 'partition' | 'none'
}

const ways: readonly Way[] = [true, false].flatMap((isSync) =>
  (['key', 'partition', 'none'] as const).map((addressing) => ({ isSync, addressing })),
)

const maxRecordsPerPush = 4
/** Of every client, between two pushes: three brokers share the machine with the load. */
const maxPauseMs = 40
const maxPushesPerClient = 20_000
/** Most records are small; some share a batch with few others. */
const usualPaddingBytes = 200
const largePaddingBytes = 20_000
const oneInLarge = 50
/** Longer than any wait for a broker to come back. */
const progressTimeoutMs = 60_000

/** A load that runs from its construction until {@link Load.stop}. */
export class Load {
  readonly #options: LoadOptions
  readonly #clients: Promise<void>[]
  readonly #statuses = new Map<number, number>()
  #isStopping = false
  #hasFailed = false
  #mayEnd = false
  #pushCount = 0
  #unansweredCount = 0
  #slowestMs = 0

  constructor(options: LoadOptions) {
    this.#options = options
    const { seed, clientsPerWay = 3 } = options
    this.#clients = ways.flatMap((way, wayIndex) =>
      Array.from({ length: clientsPerWay }, (_, index) =>
        this.#runClient(
          `${way.isSync ? 'sync' : 'async'} by ${way.addressing} ${index}`,
          way,
          new SeededRandom(seed + 100 * wayIndex + index),
        ),
      ),
    )
    // Whoever waits for the load learns of the error; until then it must not be unhandled.
    void this.ended().catch(() => {
      this.#hasFailed = true
    })
  }

  /** Pushes, replies by status, and the slowest reply. */
  get figures(): Readonly<Record<string, number>> {
    const statuses = [...this.#statuses].map(
      ([status, count]) => [`status${status}`, count] as const,
    )
    return {
      pushes: this.#pushCount,
      ...Object.fromEntries(statuses),
      unanswered: this.#unansweredCount,
      slowestMs: Math.round(this.#slowestMs),
    }
  }

  /** Resolves once so many more pushes were answered; rejects when that takes a minute. */
  async progress(pushCount: number): Promise<void> {
    const goal = this.#pushCount + pushCount
    await until(`${pushCount} more pushes`, progressTimeoutMs, () =>
      Promise.resolve(this.#hasFailed || this.#pushCount >= goal ? true : undefined),
    )
    if (this.#hasFailed) await this.ended()
  }

  /** Lets every client finish its push. Rejects with the first error of a client. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.ended()
  }

  /** From now on a push without an answer ends its client, as it does when kprf shuts down. */
  expectEnd(): void {
    this.#mayEnd = true
  }

  /** Resolves when every client has ended. Rejects with the first error of a client. */
  async ended(): Promise<void> {
    await Promise.all(this.#clients)
  }

  async #runClient(client: string, way: Way, random: SeededRandom): Promise<void> {
    const { kprf, ledger } = this.#options
    for (let index = 0; index < maxPushesPerClient && !this.#isStopping; index += 1) {
      const push = this.#makePush(`${client} ${index}`, way, random)
      const settle = ledger.open(client, push)
      const startedMs = performance.now()
      try {
        const reply = await kprf.push(push)
        settle(reply)
        this.#count(reply, performance.now() - startedMs)
      } catch (error) {
        settle(undefined)
        this.#unansweredCount += 1
        if (this.#mayEnd) return
        throw error
      }
      await sleep(random.below(maxPauseMs))
    }
  }

  #count({ status }: PushReply, durationMs: number): void {
    this.#pushCount += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    this.#slowestMs = Math.max(this.#slowestMs, durationMs)
  }

  #makePush(id: string, { isSync, addressing }: Way, random: SeededRandom): Push {
    const { topics } = this.#options
    const makeRecord = (index: number): PushedRecord => {
      const { name, partitions } = random.pick(topics)
      const limit = random.below(oneInLarge) === 0 ? largePaddingBytes : usualPaddingBytes
      const data = `${id}.${index} ${'x'.repeat(random.below(limit))}`
      // A client has one key, so that its records share a partition of each topic.
      if (addressing === 'key') return { topic: name, data, key: id.replace(/ \d+$/, '') }
      if (addressing === 'none') return { topic: name, data, headers: { id } }
      return { topic: name, data, partition: random.below(partitions) }
    }
    const records = Array.from({ length: 1 + random.below(maxRecordsPerPush) }, (_, index) =>
      makeRecord(index),
    )
    return isSync ? { records, wait_for_send: true, return_offsets: true } : { records }
  }
}
