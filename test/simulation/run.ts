/** One run: a cluster, a producer, clients, faults, and the verdict of the oracle. */
import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { CompressingTransport } from '../../src/producer/compression/compressing-transport.ts'
import { KafkajsTransport } from '../../src/producer/kafkajs/kafkajs-transport.ts'
import { DEFAULT_TRANSPORT_SETTINGS } from '../support/default-settings.ts'
import { NO_EVENTS } from '../support/recording-events.ts'
import { Producer } from '../../src/producer/producer.ts'
import type { Transport } from '../../src/producer/transport.ts'
import { Ledger, type Entry } from './ledger.ts'
import { push, runClient } from './load.ts'
import { judge } from './oracle.ts'
import type { RecordLimits } from '../support/send-all.ts'
import { HttpEdge } from './http-edge.ts'
import { recover, type Target } from './recover.ts'
import type { Schedule } from './schedule.ts'
import type { EventLoop } from './world/event-loop.ts'
import { World } from './world/world.ts'
import { Turmoil } from './turmoil.ts'

/** The result of a run. */
export interface RunResult {
  /** One sentence for each violation; empty if there is none. */
  readonly violations: readonly string[]
  readonly figures: Readonly<Record<'sent' | 'duplicates' | Outcome, number>>
  /** How often batches were sent again, by librdkafka's error number. */
  readonly retries: ReadonlyMap<number, number>
  /** How often each kind of fault occurred. */
  readonly faults: ReadonlyMap<string, number>
  /** Equal for every run of a schedule: a digest of what happened to each record, and when. */
  readonly digest: string
}

type Outcome = 'persisted' | 'notPersisted' | 'possiblyPersisted' | 'refused'

const POISON = 0xdd
const USER = { username: 'kprf', password: 'secret' }
/** Far more than message.timeout.ms and everything that a hung broker can cost. */
const SETTLE_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 300
const FIRST_BROKER_PORT = 9_092
/** A host name that resolves to each broker in turn, wherever they are. */
const NAME = 'kafka'
/** Brokers drop nothing: a missing record was lost. */
const EVERYTHING_BYTES = 2 ** 40
/** Time for connections and timers to end after the run, ms. */
const REST_TIME_MS = 1_000
/** One for Produce, one for Metadata, one for bootstrap, and one closing connection for each. */
const MAX_CONNECTIONS = 6
const POLL_INTERVAL_MS = 5
/** Allowed delay of a report after the message timeout, ms. */
const LATENESS_MS = 1_000

/** Runs a schedule in its own world. */
export async function runSchedule(schedule: Schedule): Promise<RunResult> {
  const world = new World(schedule.seed)
  return await world.run(async () => {
    const cluster = await TestCluster.start({
      brokers: schedule.brokers,
      port: FIRST_BROKER_PORT,
      topics: Object.fromEntries(schedule.topics.map(({ name, ...limits }) => [name, limits])),
      autoCreateTopics: false,
      partitionMaxBytes: EVERYTHING_BYTES,
      clock: world.time,
      createServer: world.network.createServer,
      producerEpochs: schedule.producerEpochs,
      ...(schedule.isSasl && {
        sasl: { mechanisms: ['PLAIN'], users: { [USER.username]: USER.password } },
      }),
    })
    const run = new Run(schedule, cluster, world)
    await run.carryOut()
    await cluster.close()
    await run.checkRest()
    return run.result()
  })
}

/** Overwrites returned chunks, so that a checksum detects code that still sends one. */
class PoisonedPool extends ChunkPool {
  override giveBack(chunk: Buffer): void {
    super.giveBack(chunk.fill(POISON))
  }
}

/**
 * Compresses with zstd synchronously, and completes after `durationMs`, because zlib's threads ignore simulated
 * time.
 */
function compressing(transport: Transport, durationMs: number, loop: EventLoop): Transport {
  return new CompressingTransport(transport, {
    ...{ clock: loop.clock, codec: 'zstd', log: () => undefined },
    events: NO_EVENTS,
    compress: (pieces) => {
      const compressed = zstdCompressSync(Buffer.concat(pieces))
      return durationMs === 0 ? compressed : loop.sleep(durationMs).then(() => compressed)
    },
  })
}

class Run {
  readonly #schedule: Schedule
  readonly #cluster: TestCluster
  readonly #world: World
  readonly #ledger: Ledger
  readonly #turmoil: Turmoil
  readonly #producer: Producer
  readonly #http: HttpEdge
  readonly #limits: RecordLimits
  readonly #violations: string[] = []
  #isLoadOver = false

  constructor(schedule: Schedule, cluster: TestCluster, world: World) {
    this.#schedule = schedule
    this.#cluster = cluster
    this.#world = world
    this.#turmoil = new Turmoil(cluster, schedule, world)
    const { dice, network } = world
    const { clock } = world.loop
    this.#ledger = new Ledger(clock)
    const random = dice.next
    let turn = 0
    network.resolve(NAME, () => {
      const addresses = cluster.bootstrap.split(',')
      turn += 1
      return Number(addresses[turn % addresses.length]?.split(':')[1])
    })
    const kafkajs = new KafkajsTransport(
      {
        ...DEFAULT_TRANSPORT_SETTINGS,
        brokers: schedule.bootstrap === 'name' ? [`${NAME}:1`] : cluster.bootstrap.split(','),
        clientId: 'kprf-chaos',
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        sasl: schedule.isSasl ? { mechanism: 'plain', ...USER } : undefined,
        socketTimeoutMs: schedule.settings.socketTimeoutMs,
        reconnectBackoffMs: 10,
        reconnectBackoffMaxMs: 100,
      },
      {
        clock,
        random,
        log: () => undefined,
        events: NO_EVENTS,
        connect: network.connect,
      },
    )
    const { compressionMs } = schedule
    const transport =
      compressionMs === undefined ? kafkajs : compressing(kafkajs, compressionMs, world.loop)
    const pool = new PoisonedPool()
    this.#producer = new Producer(schedule.settings, {
      transport,
      clock,
      random,
      pool,
      events: this.#ledger,
    })
    const { messageTimeoutMs, queueFullWaitMs } = schedule.settings
    this.#limits = { deliveryTimeoutMs: messageTimeoutMs, roomWaitMs: queueFullWaitMs }
    this.#http = new HttpEdge(this.#producer, this.#limits, world)
  }

  async carryOut(): Promise<void> {
    const { clients, loadMs, events, ending } = this.#schedule
    this.#producer.start()
    const dependencies = {
      producer: this.#producer,
      http: this.#http,
      ledger: this.#ledger,
      limits: this.#limits,
      isOver: () => this.#isLoadOver,
      sleep: (ms: number) => this.#world.loop.sleep(ms),
    }
    const load = Promise.all(clients.map((plan, index) => runClient(plan, index, dependencies)))
    const turmoil = this.#turmoil.run(events)
    // A failure is that of the run, and is awaited later.
    turmoil.catch(() => undefined)
    await this.#world.time.sleep(loadMs)
    if (ending === 'close') await this.#close()
    await turmoil
    await this.#turmoil.end()
    if (ending === 'drain') await this.#drain()
    this.#isLoadOver = true
    const recovered = ending === 'settle' ? this.#recover() : undefined
    await this.#within('the clients ended', load)
    await recovered
    await this.#until('every record was reported', () => this.#producer.bufferedRecords === 0)
    if (ending === 'settle') await this.#drain()
    await this.#close()
    await this.#turmoil.released()
    this.#http.close()
  }

  result(): RunResult {
    const { entries, retries, observed, violations: said } = this.#ledger
    const { deleted, partitionCounts, happened } = this.#turmoil
    const stored = new Map(
      this.#cluster
        .topicNames()
        .filter((topic) => !deleted.has(topic))
        .map((topic) => [topic, this.#cluster.records(topic)] as const),
    )
    const isIdempotent = this.#schedule.settings.enableIdempotence
    const { messageTimeoutMs, queueFullWaitMs } = this.#schedule.settings
    const verdict = judge({
      ...{ entries, retries, stored, partitionCounts, deleted, isIdempotent },
      settleWithinMs: messageTimeoutMs + queueFullWaitMs + LATENESS_MS,
      heldUpMs: (fromMs, toMs) => this.#world.loop.heldUpMs(fromMs, toMs),
    })
    const count = (fate: Outcome): number =>
      [...entries.values()].filter((entry) => entry.fate === fate).length
    const figures = {
      sent: entries.size,
      persisted: count('persisted'),
      notPersisted: count('notPersisted'),
      possiblyPersisted: count('possiblyPersisted'),
      refused: count('refused'),
      duplicates: verdict.duplicates,
    }
    const miscounts = (['persisted', 'notPersisted', 'possiblyPersisted'] as const)
      .filter((status) => observed[status] !== figures[status])
      .map((status) => `observed ${observed[status]} ${status}, reported ${figures[status]}`)
    const byError = new Map<number, number>()
    for (const { errorNumber } of retries) {
      byError.set(errorNumber, (byError.get(errorNumber) ?? 0) + 1)
    }
    return {
      violations: [
        ...this.#violations,
        ...this.#http.violations,
        ...said,
        ...miscounts,
        ...verdict.violations,
      ],
      figures,
      retries: byError,
      faults: happened,
      digest: this.#digest(),
    }
  }

  #digest(): string {
    const hash = createHash('sha256')
    for (const {
      id,
      fate,
      sentMs,
      settledMs,
      place,
      timestampMs,
    } of this.#ledger.entries.values()) {
      const { partition, offset } = place ?? {}
      const parts = [id, fate, sentMs, settledMs, partition, offset, timestampMs]
      hash.update(`${parts.map(String).join(' ')}\n`)
    }
    return hash.update(String(this.#world.time.nowMs())).digest('hex').slice(0, 16)
  }

  async #close(): Promise<void> {
    this.#http.isDraining = true
    await this.#producer.close()
  }

  async #drain(): Promise<void> {
    this.#http.isDraining = true
    const left = await this.#producer.drain(SETTLE_TIMEOUT_MS)
    if (left > 0) this.#violations.push(`${left} records left after draining`)
  }

  /** Checks that every partition accepts a record again soon after the faults. */
  async #recover(): Promise<void> {
    const targets = this.#cluster
      .topicNames()
      .flatMap((topic) =>
        Array.from(
          { length: Math.max(...(this.#turmoil.partitionCounts.get(topic) ?? [])) },
          (_, partition) => ({ topic, partition }),
        ),
      )
    const dependencies = {
      world: this.#world,
      storedIn: ({ topic, partition }: Target) =>
        this.#cluster.records(topic).filter((one) => one.partition === partition).length,
      probe: async (target: Target) => {
        const { fate } = await this.#probeOnce(target)
        return fate === 'persisted'
      },
    }
    const violations = await Promise.all(
      targets.map((target) => recover(target, this.#schedule, dependencies)),
    )
    this.#violations.push(...violations.flat())
  }

  async #probeOnce({ topic, partition }: Target): Promise<Partial<Entry>> {
    const client = `probe ${topic}/${partition}`
    const id = this.#ledger.nextId(client)
    const make = (): Parameters<Producer['sendAll']>[0][number] => ({
      ...{ topic, partition, key: null, value: null, timestampMs: undefined },
      headers: [{ key: 'id', value: id }],
    })
    const { reported } = await push(
      { producer: this.#producer, ledger: this.#ledger, limits: this.#limits },
      ...([client, 'sync', 1, make] as const),
    )
    await this.#within('a probe was reported', reported)
    return this.#ledger.entries.get(id) ?? {}
  }

  /** Checks that nothing is left of the producer after the cluster is closed. */
  async checkRest(): Promise<void> {
    const { time, network } = this.#world
    const { bufferedRecords, bufferedBytes } = this.#producer
    if (bufferedRecords !== 0) this.#violations.push(`${bufferedRecords} records in the budget`)
    if (bufferedBytes !== 0) this.#violations.push(`${bufferedBytes} bytes in the budget`)
    const topics = [...this.#producer.bufferedByTopic()].map(([topic]) => topic)
    if (topics.length > 0) this.#violations.push(`records buffered for ${topics.join(', ')}`)
    await time.sleep(REST_TIME_MS)
    if (time.running > 0) this.#violations.push(`${time.running} timers are still running`)
    if (network.openSockets > 0) this.#violations.push(`${network.openSockets} sockets are open`)
    for (const id of this.#cluster.brokerIds) {
      const connections = network.mostClientsOf(FIRST_BROKER_PORT + id - 1)
      if (connections > MAX_CONNECTIONS) {
        this.#violations.push(`${connections} connections to broker ${id} at once`)
      }
    }
  }

  async #within(what: string, promise: Promise<unknown>): Promise<void> {
    const progress = { isDone: false }
    const done = promise.then(() => {
      progress.isDone = true
    })
    await Promise.race([done, this.#until(what, () => progress.isDone)])
  }

  async #until(what: string, isSo: () => boolean, timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
    const deadlineMs = this.#world.time.nowMs() + timeoutMs
    while (!isSo() && this.#world.time.nowMs() < deadlineMs)
      await this.#world.time.sleep(POLL_INTERVAL_MS)
    if (!isSo()) this.#violations.push(`not within ${timeoutMs} ms: ${what}`)
  }
}
