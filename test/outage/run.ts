/** An outage of Kafka, as long as it takes to write so many bytes to the write-ahead log, and what follows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { peakResidentBytes, residentBytes, resetPeak } from '../../bench/support/cpu-time.ts'
import { spreadOf, type Spread } from '../../bench/support/statistics.ts'
import { unsettledIds } from '../crash/slots.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'
import { until } from '../support/until.ts'
import { Arrivals } from './arrivals.ts'
import { OutageClient, RECORD_BYTES, TOPIC } from './client.ts'

const BROKER = 1
const CLIENTS = 8
const RECORDS_PER_PUSH = 16
/** Before memory is looked at, so that code is compiled and pools are filled. */
const WARM_UP_BYTES = 32 * 2 ** 20
/** Between two pushes of a client during the drain, ms. */
const PAUSE_MS = 5
const DRAIN_TIMEOUT_MS = 300_000
const SETTINGS = {
  'wal.enabled': 'true',
  'wal.max_bytes': 2 ** 40,
  // What Kafka's own retries repeat is then stored once.
  'kafka.enable_idempotence': 'true',
  // A push that waits must not fail because the machine is busy.
  'kafka.message_timeout_ms': '60000',
}

/** What a run measured. */
export interface OutageResult {
  readonly loggedBytes: number
  /** Pushes that do not wait, during the outage, bytes a second. */
  readonly logBytesPerSecond: number
  /** Resident memory before the outage, and at most during it and the drain. */
  readonly residentBefore: number
  readonly residentPeak: number
  readonly drainSeconds: number
  readonly drainedBytesPerSecond: number
  /** Until the reply during the drain, of pushes that wait for delivery and of those that do not, ms. */
  readonly syncMs: Spread
  readonly asyncMs: Spread
  /** One line each. */
  readonly violations: readonly string[]
}

/** Lets Kafka be away until so many bytes are logged, then brings it back. */
export async function runOutage(
  bytes: number,
  onPhase: (phase: string) => void = () => undefined,
): Promise<OutageResult> {
  const folder = await mkdtemp(join(tmpdir(), 'outage-'))
  const cluster = await TestCluster.start({
    ...{ topics: { [TOPIC.name]: { partitions: TOPIC.partitions } }, autoCreateTopics: false },
    ...{ partitionMaxBytes: 2 ** 20, requestLogSize: 1 },
  })
  const arrivals = new Arrivals()
  arrivals.watch(cluster)
  const kprf = await startKprf(cluster.bootstrap, { ...SETTINGS, 'wal.dir': folder })
  const run = new OutageRun(kprf, arrivals)
  try {
    onPhase('warm-up')
    await run.pushAll(WARM_UP_BYTES)
    await run.settled()
    const residentBefore = memory(residentBytes, kprf)
    resetPeak(kprf.pid)
    onPhase('Kafka is away')
    await cluster.stopBroker(BROKER)
    const pushedMs = await timeOf(() => run.pushAll(bytes))
    const loggedBytes = (await kprf.metrics()).sum('kprf_wal_bytes')
    onPhase('Kafka is back')
    await cluster.startBroker(BROKER)
    const drain = await run.drain()
    const residentPeak = memory(peakResidentBytes, kprf)
    const { exitCode } = await kprf.stop()
    return {
      ...{ loggedBytes, residentBefore, residentPeak, ...drain },
      logBytesPerSecond: (bytes / pushedMs) * 1000,
      drainedBytesPerSecond: loggedBytes / drain.drainSeconds,
      violations: [
        ...arrivals.violations,
        ...run.missing(),
        ...(exitCode === 0 ? [] : [`kprf ended with ${exitCode}`]),
        ...(unsettledIds(folder).length === 0 ? [] : ['records are left in the log']),
      ],
    }
  } finally {
    run.close()
    await kprf.destroy()
    await cluster.close()
    await rm(folder, { recursive: true })
  }
}

class OutageRun {
  readonly #kprf: KprfProcess
  readonly #arrivals: Arrivals
  readonly #clients: readonly OutageClient[]
  /** Push during the drain, and not before. */
  readonly #sync: OutageClient
  readonly #async: OutageClient

  constructor(kprf: KprfProcess, arrivals: Arrivals) {
    const port = kprf.pushPort
    this.#kprf = kprf
    this.#arrivals = arrivals
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, number) => new OutageClient(`c${number}`, number, port),
    )
    this.#sync = new OutageClient('sync', 0, port, true)
    this.#async = new OutageClient('async', 1, port)
  }

  /** All clients push together until it is so many bytes. */
  async pushAll(bytes: number): Promise<void> {
    const pushes = Math.ceil(bytes / RECORD_BYTES / RECORDS_PER_PUSH / CLIENTS)
    await Promise.all(
      this.#clients.map(async (client) => {
        for (let push = 0; push < pushes; push += 1) await client.push(RECORDS_PER_PUSH)
      }),
    )
  }

  /** Resolves once Kafka has everything. */
  async settled(): Promise<void> {
    await until('the log to be settled', DRAIN_TIMEOUT_MS, async () => {
      const metrics = await this.#kprf.metrics()
      return metrics.sum('kprf_wal_pending_records') === 0 ? true : undefined
    })
  }

  /** Pushes on while Kafka gets what was logged. */
  async drain(): Promise<Pick<OutageResult, 'drainSeconds' | 'syncMs' | 'asyncMs'>> {
    let isDrained = false
    const pushOn = async (client: OutageClient): Promise<void> => {
      while (!isDrained) {
        await client.push(1)
        await sleep(PAUSE_MS)
      }
    }
    const pushing = Promise.all([pushOn(this.#sync), pushOn(this.#async)])
    const backlog = this.#clients.map((client) => [client, client.accepted] as const)
    const drainMs = await timeOf(() =>
      until('the backlog to be delivered', DRAIN_TIMEOUT_MS, () =>
        backlog.every(([{ name }, count]) => this.#arrivals.of(name) >= count) ? true : undefined,
      ),
    )
    isDrained = true
    await pushing
    await this.settled()
    return {
      drainSeconds: drainMs / 1000,
      syncMs: spreadOf(this.#sync.latenciesMs),
      asyncMs: spreadOf(this.#async.latenciesMs),
    }
  }

  /** Where what was accepted and what is stored differ. */
  missing(): readonly string[] {
    return [...this.#clients, this.#sync, this.#async].flatMap(({ name, accepted }) => {
      const stored = this.#arrivals.of(name)
      return stored === accepted ? [] : [`client ${name}: ${accepted} accepted, ${stored} stored`]
    })
  }

  close(): void {
    for (const client of [...this.#clients, this.#sync, this.#async]) client.close()
  }
}

function memory(read: (pid: number) => number | undefined, { pid }: KprfProcess): number {
  const bytes = read(pid)
  if (bytes === undefined) throw new Error('the memory of a process is only known on Linux')
  return bytes
}

async function timeOf(task: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await task()
  return performance.now() - startedMs
}
