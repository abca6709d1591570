/** kprf with a write-ahead log, killed again and again under load, while Kafka comes and goes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { HttpClient } from '../support/http-client.ts'
import { type KprfProcess, spawnKprf } from '../support/kprf-process.ts'
import { SeededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { drawRecords, TOPICS } from './draw-push.ts'
import { Ledger, type PushOutcome, type RecordInTopic, type Verdict } from './ledger.ts'
import { unsettledIds } from './unsettled.ts'

const CONNECTIONS = 6
const BROKER = 1
const DRAIN_TIMEOUT_MS = 60_000
const SETTINGS = {
  'wal.enabled': 'true',
  // Many segments begin and end.
  'wal.segment_bytes': 2 ** 20,
  // Kafka's own retries then make no duplicates: those that there are come from the kills.
  'kafka.enable_idempotence': 'true',
}

/** What a run counted. */
export interface CrashResult extends Verdict {
  readonly kills: number
  /** Kills before kprf was ready. */
  readonly killsAtStart: number
  /** Kills while Kafka was away. */
  readonly killsWithoutKafka: number
  readonly refused: number
  readonly unknown: number
}

/** Kills kprf so often, lets it drain, and compares what Kafka has with what was accepted. */
export async function runCrashes(kills: number, seed: number): Promise<CrashResult> {
  const folder = await mkdtemp(join(tmpdir(), 'crash-'))
  const cluster = await TestCluster.start({ topics: TOPICS, partitionMaxBytes: 2 ** 40 })
  const run = new CrashRun(cluster, folder, new SeededRandom(seed))
  try {
    for (let kill = 0; kill < kills; kill += 1) await run.killOnce()
    return { ...(await run.drain()), ...run.counts, kills }
  } finally {
    await run.close()
    await cluster.close()
    await rm(folder, { recursive: true })
  }
}

class CrashRun {
  readonly counts = { killsAtStart: 0, killsWithoutKafka: 0, refused: 0, unknown: 0 }
  readonly #cluster: TestCluster
  readonly #folder: string
  readonly #random: SeededRandom
  readonly #ledger = new Ledger()
  #isKafkaUp = true
  #kprf: KprfProcess | undefined

  constructor(cluster: TestCluster, folder: string, random: SeededRandom) {
    this.#cluster = cluster
    this.#folder = folder
    this.#random = random
  }

  /** Starts kprf, pushes to it, and kills it at some moment, perhaps before it is ready. */
  async killOnce(): Promise<void> {
    const random = this.#random
    const kprf = this.#start()
    const ready = kprf.ready()
    const [isAtStart, startMs, lifeMs] = [random.chance(0.25), random.below(700), random.below(600)]
    const [isKafkaChanged, changeMs] = [random.chance(0.4), random.below(600)]
    const change = isKafkaChanged ? sleep(changeMs).then(() => this.#changeKafka()) : undefined
    if (isAtStart) {
      await Promise.race([sleep(startMs), ready])
      this.counts.killsAtStart += 1
      ready.catch(() => undefined)
      await this.#kill(kprf)
    } else {
      await ready
      const clients = this.#push(kprf)
      await sleep(lifeMs)
      await this.#kill(kprf)
      await clients
    }
    this.#ledger.killedWith(unsettledIds(this.#folder))
    await change
  }

  /** Starts kprf once more, waits until Kafka has everything, and stops it. */
  async drain(): Promise<Verdict> {
    if (!this.#isKafkaUp) await this.#changeKafka()
    const kprf = this.#start()
    await kprf.ready()
    const hasAll = (): true | undefined =>
      this.#ledger.missing(this.#stored()) === 0 ? true : undefined
    // What is missing is told by the comparison.
    await until('Kafka to have all records', DRAIN_TIMEOUT_MS, hasAll).catch(() => undefined)
    const { exitCode } = await kprf.stop()
    const verdict = this.#ledger.judge(this.#stored())
    const left = exitCode === 0 ? unsettledIds(this.#folder) : []
    const violations = [
      ...(exitCode === 0 ? [] : [`kprf ended with ${exitCode}`]),
      ...left.map((id) => `record ${id}: delivered, and left in the log`),
      ...verdict.violations,
    ]
    return { ...verdict, violations }
  }

  async close(): Promise<void> {
    await this.#kprf?.destroy()
  }

  #start(): KprfProcess {
    this.#kprf = spawnKprf(this.#cluster.bootstrap, { ...SETTINGS, 'wal.dir': this.#folder })
    return this.#kprf
  }

  async #kill(kprf: KprfProcess): Promise<void> {
    if (!this.#isKafkaUp) this.counts.killsWithoutKafka += 1
    await kprf.stop('SIGKILL')
  }

  async #changeKafka(): Promise<void> {
    this.#isKafkaUp = !this.#isKafkaUp
    if (this.#isKafkaUp) await this.#cluster.startBroker(BROKER)
    else await this.#cluster.stopBroker(BROKER)
  }

  /** Clients on a connection each, until kprf is gone. */
  async #push(kprf: KprfProcess): Promise<void> {
    const client = async (connection: number): Promise<void> => {
      const random = new SeededRandom(this.#random.below(2 ** 31))
      const http = new HttpClient(kprf.pushPort)
      while (kprf.isRunning) {
        const records = drawRecords(random, this.#ledger.nextIds(random.between(1, 5)))
        const ended = this.#ledger.open(connection, records)
        const outcome = await outcomeOf(http, JSON.stringify({ records }))
        ended(outcome)
        if (outcome !== 'accepted') this.counts[outcome] += records.length
        if (outcome === 'unknown') break
        await sleep(random.below(10))
      }
      http.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => client(connection)))
  }

  #stored(): readonly RecordInTopic[] {
    return Object.keys(TOPICS).flatMap((topic) =>
      this.#cluster.records(topic).map((record) => ({ ...record, topic })),
    )
  }
}

async function outcomeOf(http: HttpClient, json: string): Promise<PushOutcome> {
  try {
    const { status } = await http.post('/push', json)
    return status === 200 ? 'accepted' : 'refused'
  } catch {
    // kprf was killed.
    return 'unknown'
  }
}
