/** kprf under clients that cut their connections and repeat their pushes, without a log, or with one and kills. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { unsettledIds } from '../crash/slots.ts'
import { type KprfProcess, type KprfSettings, startKprf } from '../support/kprf-process.ts'
import { SeededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { type Attempts, type PushEnd, pushUntilAnswered } from './client.ts'

const CLIENTS = 16
const DRAIN_TIMEOUT_MS = 60_000
const TOPIC = 't'
/** How long a process takes to notice that it is stopped, ms. */
const STOP_MS = 20

/** What a run counted. */
export interface IdempotencyResult {
  readonly attempts: Attempts
  readonly stored: number
  /** Pushes whose outcome is unknown: they waited for delivery when kprf was killed. */
  readonly unknown: number
  /** Records that the log sent once more after a kill, because it had not noted that Kafka has them. */
  readonly sentAgain: number
  /** One line each. */
  readonly violations: readonly string[]
}

/** How to run. */
export interface IdempotencyRun {
  readonly pushes: number
  /** With more than none, kprf has a write-ahead log. */
  readonly kills: number
  readonly seed: number
  /** With more than one, each kill is that of one worker. */
  readonly workers: number
  /** A push has its answer. */
  readonly onAnswer?: () => void
}

/** Pushes so often, each push until it is answered, and compares what Kafka has with the answers. */
export async function runRepeatedPushes(options: IdempotencyRun): Promise<IdempotencyResult> {
  const folder = await mkdtemp(join(tmpdir(), 'idempotency-'))
  const cluster = await TestCluster.start({
    ...{ topics: { [TOPIC]: { partitions: 3 } }, partitionMaxBytes: 2 ** 40 },
  })
  const run = new RepeatedPushes(cluster, folder, options)
  try {
    return await run.run()
  } finally {
    await run.close()
    await cluster.close()
    await rm(folder, { recursive: true })
  }
}

class RepeatedPushes {
  readonly #cluster: TestCluster
  readonly #folder: string
  readonly #options: IdempotencyRun
  readonly #random: SeededRandom
  readonly #ends: PushEnd[] = []
  /** Kills at which the log did not know that Kafka has a record, by push. */
  readonly #unsettled = new Map<string, number>()
  readonly #attempts: Attempts = {
    ...{ cutEarly: 0, cutLate: 0, lost: 0, replayed: 0, inUse: 0, refused: 0 },
  }
  #kprf: KprfProcess | undefined
  #port = 0
  #nextPush = 0
  #answered = 0
  #kills = 0

  constructor(cluster: TestCluster, folder: string, options: IdempotencyRun) {
    this.#cluster = cluster
    this.#folder = folder
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  async run(): Promise<IdempotencyResult> {
    await this.#start()
    const clients = Array.from({ length: CLIENTS }, () => this.#client(this.#random.below(2 ** 31)))
    await Promise.all([...clients, this.#killNow()])
    await this.#drained()
    const { exitCode } = (await this.#kprf?.stop()) ?? {}
    const judged = this.#judge()
    const violations =
      exitCode === 0 ? judged.violations : [`kprf ended with ${exitCode}`, ...judged.violations]
    return { ...judged, violations, attempts: this.#attempts }
  }

  async close(): Promise<void> {
    await this.#kprf?.destroy()
  }

  async #start(): Promise<void> {
    const settings: KprfSettings = {
      'http.port': this.#port,
      workers: this.#options.workers,
      // What Kafka stores twice by itself is no matter of keys.
      'kafka.enable_idempotence': 'true',
      ...(this.#options.kills > 0 && {
        ...{ 'wal.enabled': 'true', 'wal.dir': this.#folder },
        'wal.segment_bytes': 2 ** 20,
      }),
    }
    this.#kprf = await startKprf(this.#cluster.bootstrap, settings)
    this.#port = this.#kprf.pushPort
  }

  /** Kills kprf whenever another share of the pushes is answered. */
  async #killNow(): Promise<void> {
    const { kills, pushes } = this.#options
    while (this.#kills < kills) {
      this.#kills += 1
      const due = (pushes * this.#kills) / (kills + 1)
      while (this.#answered < due) await sleep(5)
      await sleep(this.#random.below(50))
      await this.#kill()
      if (this.#options.workers === 1) await this.#start()
    }
  }

  async #kill(): Promise<void> {
    const { workers } = this.#options
    if (workers === 1) {
      await this.#kprf?.stop('SIGKILL')
      this.#noteUnsettled()
      return
    }
    const pids = this.#kprf?.workerPids ?? []
    const pid = this.#random.pick(pids)
    // Its successor sends at once what it finds.
    process.kill(pid, 'SIGSTOP')
    await sleep(STOP_MS)
    this.#noteUnsettled()
    process.kill(pid, 'SIGKILL')
    // With all of them gone at once, the port 0 would be another one.
    await until('the worker to be replaced', DRAIN_TIMEOUT_MS, async () => {
      if (this.#kprf?.workerPids.includes(pid) === true) return undefined
      const running = (await this.#kprf?.metrics())?.sum('kprf_workers')
      return running === workers ? true : undefined
    })
  }

  #noteUnsettled(): void {
    for (const id of unsettledIds(this.#folder)) {
      this.#unsettled.set(id, (this.#unsettled.get(id) ?? 0) + 1)
    }
  }

  async #client(seed: number): Promise<void> {
    const random = new SeededRandom(seed)
    while (this.#nextPush < this.#options.pushes) {
      const push = this.#nextPush
      this.#nextPush += 1
      const request = requestOf(push, random)
      const end = await pushUntilAnswered(() => this.#port, request, random, this.#attempts)
      this.#ends[push] = end
      this.#answered += 1
      this.#options.onAnswer?.()
    }
  }

  async #drained(): Promise<void> {
    const hasAll = (): true | undefined => {
      const stored = this.#storedTimes()
      return this.#ends.every((end, push) => end === 'unknown' || stored.has(String(push)))
        ? true
        : undefined
    }
    // What is missing is told by the comparison.
    await until('Kafka to have all records', DRAIN_TIMEOUT_MS, hasAll).catch(() => undefined)
  }

  #judge(): Omit<IdempotencyResult, 'attempts'> {
    const times = this.#storedTimes()
    const violations: string[] = []
    let sentAgain = 0
    for (const [push, end] of this.#ends.entries()) {
      const count = times.get(String(push)) ?? 0
      const isMissing = count === 0 && end === 'stored'
      const allowed = 1 + (this.#unsettled.get(String(push)) ?? 0)
      if (isMissing || count > allowed) {
        violations.push(`push ${push}: ${end}, and stored ${count} times of ${allowed} at most`)
      }
      sentAgain += Math.max(0, count - 1)
    }
    const unknown = this.#ends.filter((end) => end === 'unknown').length
    return { stored: this.#ends.length - unknown, unknown, sentAgain, violations }
  }

  #storedTimes(): ReadonlyMap<string, number> {
    const times = new Map<string, number>()
    for (const { headers } of this.#cluster.records(TOPIC)) {
      const id = String(headers.find(({ key }) => key === 'id')?.value)
      times.set(id, (times.get(id) ?? 0) + 1)
    }
    return times
  }
}

/** A push of one record with the number of the push, under a key of the same number. */
function requestOf(push: number, random: SeededRandom): Buffer {
  const record = {
    ...{ topic: TOPIC, key: String(random.below(50)), headers: { id: String(push) } },
    data: 'x'.repeat(random.pick([10, 100, 3_000])),
  }
  const body = JSON.stringify({ records: [record], wait_for_send: random.chance(0.5) })
  const head = [
    'POST /push HTTP/1.1',
    'Host: kprf.test',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `Idempotency-Key: "push ${push}"`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
