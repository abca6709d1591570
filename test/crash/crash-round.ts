/** One cluster and one folder, and the kprf processes that live and die with them, one after the other. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestCluster } from '@kprf/embedded-broker/testing'
import { HttpClient } from '../support/http-client.ts'
import { type KprfProcess, type KprfSettings, spawnKprf } from '../support/kprf-process.ts'
import type { PushReplyBody } from '../support/push.ts'
import { SeededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { drawLife, type Life } from './draw-life.ts'
import { DEAD_LETTER_TOPIC, drawRecords, TOPICS } from './draw-push.ts'
import { type Found, Ledger, type PushOutcome, type Verdict } from './ledger.ts'
import { deadLetters, unsettledIds } from './slots.ts'

const CONNECTIONS = 6
const BROKER = 1
const DRAIN_TIMEOUT_MS = 60_000
/** docs/ERRORS.md: the log has no room. */
const LOG_FULL = 50_308
const SETTINGS: KprfSettings = {
  ...{ 'wal.enabled': 'true', 'wal.min_free_bytes': 0, 'shutdown.timeout_ms': 1_000 },
  // Kafka's own retries then make no duplicates: those that there are come from the kills.
  'kafka.enable_idempotence': 'true',
}

/** What happened, in numbers. */
export interface CrashCounts {
  /** Of one process, or of all of them at once. */
  kills: number
  /** Before kprf was ready. */
  killsAtStart: number
  /** While Kafka was away. */
  killsWithoutKafka: number
  workersKilled: number
  /** The workers of which ended in order. */
  primariesKilled: number
  /** Records. */
  refused: number
  unknown: number
  /** Pushes that a full log refused. */
  full: number
  /** Times that a log took a push after it was full. */
  recovered: number
}

/** Zeros. */
export function newCounts(): CrashCounts {
  return {
    ...{ kills: 0, killsAtStart: 0, killsWithoutKafka: 0, workersKilled: 0, primariesKilled: 0 },
    ...{ refused: 0, unknown: 0, full: 0, recovered: 0 },
  }
}

/** See the head of the file. */
export class CrashRound {
  readonly counts = newCounts()
  readonly #cluster: TestCluster
  readonly #folder: string
  readonly #random: SeededRandom
  readonly #ledger = new Ledger()
  readonly #hasLetterTopic: boolean
  #isKafkaUp = true
  #kprf: KprfProcess | undefined
  /** Processes whose workers still end. */
  readonly #ending = new Set<Promise<unknown>>()
  /** Lives whose logs are one: those of one worker each, with no other at the same time. */
  #era = 0
  #wasAlone = false
  #lane = 0
  #hasAccepted = false

  constructor(cluster: TestCluster, folder: string, random: SeededRandom) {
    this.#cluster = cluster
    this.#folder = folder
    this.#random = random
    this.#hasLetterTopic = random.chance(0.5)
  }

  /** Starts kprf, pushes to it, and kills it and its workers, at most so many times. */
  async liveOnce(maxKills: number): Promise<void> {
    const life = drawLife(this.#random)
    const { kafkaChangeMs } = life
    // A round in which no kprf accepted a record would prove nothing.
    const mustServe = maxKills <= life.workerKillsMs.length + 1 && !this.#hasAccepted
    const endsAtStartMs = mustServe ? undefined : life.endsAtStartMs
    const kprf = this.#start(life.settings)
    const isAlone = life.workers === 1 && this.#ending.size === 0
    if (!isAlone || !this.#wasAlone) this.#era += 1
    this.#wasAlone = isAlone
    const ready = kprf.ready()
    const change =
      kafkaChangeMs === undefined ? undefined : sleep(kafkaChangeMs).then(() => this.#changeKafka())
    if (endsAtStartMs === undefined) {
      await ready
      const clients = this.#push(kprf, life)
      for (const pauseMs of life.workerKillsMs.slice(0, maxKills - 1)) {
        await sleep(pauseMs)
        await this.#killWorker(kprf)
      }
      await sleep(life.endMs)
      if (mustServe) await this.#untilAccepted()
      await this.#end(kprf, life)
      await clients
    } else {
      ready.catch(() => undefined)
      await Promise.race([sleep(endsAtStartMs), ready])
      this.counts.killsAtStart += 1
      await this.#end(kprf, life)
    }
    await change
  }

  /** Starts kprf once more, waits until nothing is left to send, and stops it. */
  async drain(): Promise<Verdict> {
    if (!this.#isKafkaUp) await this.#changeKafka()
    await this.#allEnded()
    const kprf = this.#start({ workers: this.#random.pick([1, 2]) })
    await kprf.ready()
    const hasAll = (): true | undefined =>
      this.#ledger.missing(this.#found()) === 0 ? true : undefined
    // What is missing is told by the comparison.
    await until('Kafka to have all records', DRAIN_TIMEOUT_MS, hasAll).catch(() => undefined)
    // Slots are taken over one after the other.
    const isEmpty = (): true | undefined =>
      unsettledIds(this.#folder).length === 0 ? true : undefined
    await until('the log to be empty', DRAIN_TIMEOUT_MS, isEmpty).catch(() => undefined)
    const { exitCode, log } = await kprf.stop()
    const verdict = this.#ledger.judge(this.#found())
    const left = exitCode === 0 ? unsettledIds(this.#folder) : []
    const lost = log.at(-1)?.['records_lost_since_start']
    const violations = [
      ...(exitCode === 0 ? [] : [`kprf ended with ${exitCode}`]),
      ...(lost === 0 ? [] : [`kprf counts ${String(lost)} records as lost`]),
      ...left.map((id) => `record ${id}: delivered, and left in the log`),
      ...verdict.violations,
    ]
    return { ...verdict, violations }
  }

  async close(): Promise<void> {
    await this.#kprf?.destroy()
    await this.#allEnded()
  }

  #start(settings: KprfSettings): KprfProcess {
    this.#kprf = spawnKprf(this.#cluster.bootstrap, {
      ...{ ...SETTINGS, ...settings, 'wal.dir': this.#folder },
      ...(this.#hasLetterTopic && { 'wal.dead_letters.topic': DEAD_LETTER_TOPIC }),
    })
    return this.#kprf
  }

  async #killWorker(kprf: KprfProcess): Promise<void> {
    const pids = kprf.workerPids
    const pid = pids[this.#random.below(pids.length)]
    const unsettled = new Set(unsettledIds(this.#folder))
    // The worker that was killed before may not be replaced yet.
    if (pid === undefined || !signal(pid)) return
    this.#countKill()
    this.counts.workersKilled += 1
    await this.#accountFor([pid], unsettled, Promise.resolve())
  }

  async #end(kprf: KprfProcess, { end, isNextImmediate }: Life): Promise<void> {
    this.#countKill()
    const workers = kprf.workerPids
    const unsettled = new Set(unsettledIds(this.#folder))
    const stopped = kprf.stop('SIGKILL')
    if (end === 'all') for (const pid of workers) signal(pid)
    else this.counts.primariesKilled += 1
    const ending = this.#accountFor(workers, unsettled, stopped)
    this.#ending.add(ending)
    if (end === 'primary' && isNextImmediate) return
    await this.#allEnded()
  }

  /** Waits for processes to be gone, and accounts for what each leaves. */
  async #accountFor(
    pids: readonly number[],
    unsettled: Set<string>,
    stopped: Promise<unknown>,
  ): Promise<void> {
    const note = (): void => {
      for (const id of unsettledIds(this.#folder)) unsettled.add(id)
    }
    // Others may take a slot over, and send what it has, as soon as it is free: so what was there before counts too.
    await Promise.all(
      pids.map(async (pid) => {
        await until('a process to end', 30_000, () => (signal(pid, 0) ? undefined : true))
        note()
      }),
    )
    // A worker that was just forked is not among them.
    await stopped
    note()
    this.#ledger.killedWith(unsettled)
  }

  async #untilAccepted(): Promise<void> {
    const hasAccepted = (): true | undefined => this.#hasAccepted || undefined
    await until('kprf to accept a record', 30_000, hasAccepted)
  }

  async #allEnded(): Promise<void> {
    await Promise.all(this.#ending)
    this.#ending.clear()
  }

  #countKill(): void {
    this.counts.kills += 1
    if (!this.#isKafkaUp) this.counts.killsWithoutKafka += 1
  }

  async #changeKafka(): Promise<void> {
    this.#isKafkaUp = !this.#isKafkaUp
    if (this.#isKafkaUp) await this.#cluster.startBroker(BROKER)
    else await this.#cluster.stopBroker(BROKER)
  }

  /** Clients on a connection each, until kprf is gone. */
  async #push(kprf: KprfProcess, { workers, hasLargeRecords }: Life): Promise<void> {
    const port = kprf.pushPort
    const client = async (connection: number): Promise<void> => {
      const random = new SeededRandom(this.#random.below(2 ** 31))
      let http = new HttpClient(port)
      let lane = this.#laneOf(workers, connection)
      let isFull = false
      let { workersKilled } = this.counts
      while (kprf.isRunning) {
        // The next push may go over a new connection, to another worker, although each of the old one was answered.
        if (this.counts.workersKilled !== workersKilled) {
          workersKilled = this.counts.workersKilled
          lane = this.#laneOf(workers, connection)
        }
        const ids = this.#ledger.nextIds(random.between(1, 5))
        const records = drawRecords(random, ids, hasLargeRecords)
        const ended = this.#ledger.open(lane, records)
        const { outcomes, errorCode } = await replyTo(http, records)
        ended(outcomes)
        this.#hasAccepted ||= outcomes.includes('accepted')
        for (const outcome of outcomes) if (outcome !== 'accepted') this.counts[outcome] += 1
        if (errorCode === LOG_FULL) this.counts.full += 1
        else if (isFull && outcomes.includes('accepted')) this.counts.recovered += 1
        isFull = errorCode === LOG_FULL
        if (outcomes.includes('unknown')) {
          http.close()
          http = new HttpClient(port)
          lane = this.#laneOf(workers, connection)
        }
        await sleep(random.below(isFull ? 50 : 10))
      }
      http.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => client(connection)))
  }

  /** Another connection may reach another worker, which has another log. */
  #laneOf(workers: number, connection: number): number {
    if (workers === 1 && this.#wasAlone) return this.#era * 1e6 + connection
    this.#lane += 1
    return -this.#lane
  }

  #found(): Found {
    return {
      stored: Object.keys(TOPICS).flatMap((topic) =>
        this.#cluster.records(topic).map((record) => ({ ...record, topic })),
      ),
      letters: deadLetters(this.#folder),
      hasLetterTopic: this.#hasLetterTopic,
    }
  }
}

interface Reply {
  readonly outcomes: readonly PushOutcome[]
  /** Of the push; `undefined` if it was accepted. */
  readonly errorCode: number | undefined
}

async function replyTo(http: HttpClient, records: readonly unknown[]): Promise<Reply> {
  const all = (outcome: PushOutcome): readonly PushOutcome[] => records.map(() => outcome)
  try {
    const { status, text } = await http.post('/push', JSON.stringify({ records }))
    if (status === 200) return { outcomes: all('accepted'), errorCode: undefined }
    const { errors = [], error_code: errorCode } = JSON.parse(text) as Partial<PushReplyBody>
    const outcomes = records.map((_, index) =>
      errors[index]?.status === 'ok' ? 'accepted' : 'refused',
    )
    return {
      outcomes,
      errorCode: errorCode ?? errors.find(({ error_code }) => error_code)?.error_code,
    }
  } catch {
    // kprf was killed.
    return { outcomes: all('unknown'), errorCode: undefined }
  }
}

/** Whether a process is there, and got the signal. */
function signal(pid: number, name: NodeJS.Signals | 0 = 'SIGKILL'): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}
