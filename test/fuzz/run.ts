/** Sends fuzzed requests to a kprf process, and holds everything it does against what it should do. */
import { TestCluster } from '@kprf/embedded-broker/testing'
import { converse } from '../balance/client.ts'
import { runKprf } from '../support/kprf-command.ts'
import { type KprfProcess, spawnKprf } from '../support/kprf-process.ts'
import { SeededRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { drawRequest, type FuzzRequest } from './draw-request.ts'
import { acceptedIds, FuzzLedger, problemsOf } from './ledger.ts'
import { KAFKA_PASSWORD, SECRETS, SETTINGS, TOPICS } from './world.ts'

/** What to run. */
export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
  readonly workers: number
  /** Called after each round. */
  readonly onRound?: (round: FuzzRound) => void
  /** So many more requests were sent. */
  readonly onRequests?: (count: number) => void
}

/** How far a run is. */
export interface FuzzRound {
  readonly requests: number
  readonly stored: number
  readonly residentBytes: number
}

/** What a run showed. */
export interface FuzzResult {
  readonly requests: number
  readonly replies: number
  readonly statuses: ReadonlyMap<number, number>
  readonly stored: number
  readonly rounds: readonly FuzzRound[]
  /** What is wrong, with what was sent. */
  readonly violations: readonly string[]
}

const AT_ONCE = 40
/** On one connection. A refusal of the gate ends it, so that more would rarely be served. */
const MAX_REQUESTS = 4
const ROUND_REQUESTS = 20_000
const VIOLATIONS_KEPT = 20
const DRAIN_MS = 60_000

/** Runs so many requests against one kprf; the conversations are drawn from seeds that follow each other. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const cluster = await TestCluster.start({
    topics: Object.fromEntries(TOPICS.map((topic) => [topic, { partitions: 2 }])),
    sasl: { users: { fuzz: KAFKA_PASSWORD } },
    partitionMaxBytes: 2 ** 28,
  })
  const kprf = spawnKprf(cluster.bootstrap, { ...SETTINGS, workers: options.workers })
  try {
    await kprf.ready()
    return await new Campaign(cluster, kprf, options).run()
  } finally {
    await kprf.destroy()
    await cluster.close()
  }
}

class Campaign {
  readonly #cluster: TestCluster
  readonly #kprf: KprfProcess
  readonly #options: FuzzOptions
  readonly #ledger = new FuzzLedger()
  readonly #statuses = new Map<number, number>()
  readonly #violations: string[] = []
  readonly #rounds: FuzzRound[] = []
  /** The offset from which each partition is still to be read. */
  readonly #read = new Map<string, bigint>()
  #requests = 0
  #replies = 0
  #seed: number

  constructor(cluster: TestCluster, kprf: KprfProcess, options: FuzzOptions) {
    this.#cluster = cluster
    this.#kprf = kprf
    this.#options = options
    this.#seed = options.seed
  }

  async run(): Promise<FuzzResult> {
    while (this.#goesOn(this.#options.requests)) await this.#round()
    const { exitCode, log, stderr } = await this.#kprf.stop()
    if (exitCode !== 0) this.#found(`kprf ended with ${String(exitCode)}: ${stderr}`)
    for (const line of log) {
      // A changed name is that of a topic that does not exist, which Kafka says only later.
      const isUnknownTopic = line.msg === 'records not delivered' && line['error_code'] === 3
      if (line.level === 'error' && !isUnknownTopic)
        this.#found(`the log has an error: ${JSON.stringify(line)}`)
    }
    this.#readKafka()
    for (const id of this.#ledger.missing()) this.#found(`${id} was accepted and is not in Kafka`)
    this.#assertNoSecret('the log', JSON.stringify(log) + stderr)
    const printed = await runKprf('config', 'print', ...flagsOf(this.#cluster.bootstrap))
    if (printed.exitCode !== 0) this.#found(`config print failed: ${printed.stderr}`)
    this.#assertNoSecret('config print', printed.stdout)
    return {
      requests: this.#requests,
      replies: this.#replies,
      statuses: this.#statuses,
      stored: this.#ledger.storedCount,
      rounds: this.#rounds,
      violations: this.#violations,
    }
  }

  /** One round; at its end, nothing is on its way. */
  async #round(): Promise<void> {
    const end = Math.min(this.#requests + ROUND_REQUESTS, this.#options.requests)
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#converseUntil(end)))
    const metrics = await until('an empty queue', DRAIN_MS, async () => {
      const current = await this.#kprf.metrics()
      return current.sum('kafka_internal_queue_size') === 0 ? current : undefined
    })
    this.#readKafka()
    this.#assertNoSecret('the operations port', await this.#operationsPages())
    const round = {
      requests: this.#requests,
      stored: this.#ledger.storedCount,
      residentBytes: metrics.sum('process_resident_memory_bytes'),
    }
    this.#rounds.push(round)
    this.#options.onRound?.(round)
  }

  #goesOn(end: number): boolean {
    return this.#requests < end && this.#violations.length < VIOLATIONS_KEPT
  }

  async #converseUntil(end: number): Promise<void> {
    while (this.#goesOn(end)) {
      const seed = this.#seed
      this.#seed += 1
      await this.#converse(seed)
    }
  }

  async #converse(seed: number): Promise<void> {
    const draw = (random: SeededRandom): FuzzRequest => {
      const request = drawRequest(random)
      this.#ledger.sent(request)
      return request
    }
    const random = new SeededRandom(seed)
    const { requests, replies, ending, isStuck } = await converse(
      this.#kprf.pushPort,
      random,
      draw,
      MAX_REQUESTS,
    )
    // What follows a reply that closes the connection is not looked at.
    const sentCount = Math.min(requests.length, replies.length + 1)
    this.#requests += sentCount
    this.#options.onRequests?.(sentCount)
    this.#replies += replies.length
    const sent = (): string => requests.map(({ bytes }) => bytes.toString('latin1')).join('')
    const found = (what: string): void => {
      this.#found(`${what} (seed ${seed}, ${ending})\n${JSON.stringify(sent())}`)
    }
    if (isStuck) found('neither answered nor closed')
    for (const reply of replies) {
      this.#statuses.set(reply.status, (this.#statuses.get(reply.status) ?? 0) + 1)
      for (const problem of problemsOf(reply)) found(problem)
    }
    // Up to the first request that is none, replies and requests go together.
    const firstBroken = requests.findIndex(({ isFramed }) => !isFramed)
    const known = firstBroken === -1 ? requests.length : firstBroken
    for (const [index, request] of requests.slice(0, known).entries()) {
      const reply = replies[index]
      if (reply === undefined) break
      if (request.isWholeBody) this.#ledger.accepted(acceptedIds(request, reply))
      if (request.sender === 'nobody' && reply.status === 200) found('served without credentials')
    }
  }

  #readKafka(): void {
    for (const topic of TOPICS) {
      for (const { partition, offset, key, value, headers } of this.#cluster.records(topic)) {
        const log = `${topic} ${partition}`
        if (offset < (this.#read.get(log) ?? 0n)) continue
        this.#read.set(log, offset + 1n)
        const text = [key, value, ...headers.map((header) => header.value)].map(String).join(' ')
        const problem = this.#ledger.stored({ topic, text })
        if (problem !== undefined) this.#found(problem)
      }
    }
  }

  async #operationsPages(): Promise<string> {
    const [metrics, stats, readiness] = await Promise.all([
      this.#kprf.metricsText(),
      this.#kprf.stats(),
      this.#kprf.readiness(),
    ])
    return [metrics, stats.text, readiness].join('\n')
  }

  #assertNoSecret(where: string, text: string): void {
    if (SECRETS.some((secret) => text.includes(secret))) this.#found(`${where} has a secret`)
  }

  #found(violation: string): void {
    if (this.#violations.length < VIOLATIONS_KEPT) this.#violations.push(violation)
  }
}

function flagsOf(bootstrap: string): readonly string[] {
  const settings = { 'kafka.brokers': bootstrap, ...SETTINGS }
  return Object.entries(settings).map(([key, value]) => `--${key}=${value}`)
}
