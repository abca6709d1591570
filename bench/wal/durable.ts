/** What it costs to write pushes to the log: beside kprf without it, and beside what the disk can do. */
import { join } from 'node:path'
import { parseMetrics } from '../../test/support/metric-samples.ts'
import { until } from '../../test/support/until.ts'
import { frameBytes } from '../../src/wal/frame.ts'
import { payloadBytesOf } from '../../src/wal/records.ts'
import type { BenchOptions, Figure } from '../measure.ts'
import { assertStored } from '../measures/compared.ts'
import { Broker } from '../support/broker.ts'
import { pushBody, runLoad, type Run } from '../support/run.ts'
import { startKprf, type Server } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'
import { bareLoop, type BareLoop } from './bare-loop.ts'
import type { DiskFolder } from './disk-folder.ts'

const BYTES = 4_096
const CONNECTIONS = 256
const MIN_OF_ASYNC = 0.7
const MIN_OF_DISK = 0.6
const MIB = 2 ** 20
const DRAIN_TIMEOUT_MS = 60_000

/** Without a log, and with one that is synced before each reply, at intervals, or by the operating system. */
const MODES = ['none', 'always', 'interval', 'os'] as const
type Mode = (typeof MODES)[number]

/** One run of a mode. */
interface DurableRun extends Run {
  /** Bytes of the log in one write; NaN without one. */
  readonly groupBytes: number
}

/** One round: all modes, and then the disk. */
interface Round {
  readonly many: Readonly<Record<Mode, DurableRun>>
  readonly alone: Readonly<Record<Mode, DurableRun>>
  readonly disk: BareLoop
  readonly diskAlone: BareLoop
}

/** Measures all modes in turn with many connections and with one. */
export async function durablePushes(
  options: BenchOptions,
  { path }: DiskFolder,
): Promise<readonly Figure[]> {
  const broker = await Broker.start(Object.fromEntries(MODES.map((mode) => [mode, 4])))
  const servers = new Map<Mode, Server>()
  try {
    for (const mode of MODES) servers.set(mode, await start(broker, mode, path))
    const bench = new DurableBench(broker, servers, options)
    const rounds: Round[] = []
    for (let round = 0; round < options.rounds; round += 1) {
      const many = await bench.runAll(CONNECTIONS, options.durationMs)
      const disk = bareLoop(path, Math.round(many.always.groupBytes), options.durationMs)
      const alone = await bench.runAll(1, options.warmUpMs)
      const diskAlone = bareLoop(path, FRAME_BYTES, options.warmUpMs)
      rounds.push({ many, alone, disk, diskAlone })
    }
    return figuresOf(rounds)
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
    await broker.stop()
  }
}

function start(broker: Broker, mode: Mode, path: string): Promise<Server> {
  const log = {
    'wal.enabled': 'true',
    'wal.sync': mode,
    'wal.dir': join(path, mode),
    'wal.max_bytes': 2 ** 40,
  }
  return startKprf(broker.bootstrap, mode === 'none' ? {} : log)
}

class DurableBench {
  readonly #broker: Broker
  readonly #servers: ReadonlyMap<Mode, Server>
  readonly #options: BenchOptions
  readonly #accepted = new Map<Mode, number>()

  constructor(broker: Broker, servers: ReadonlyMap<Mode, Server>, options: BenchOptions) {
    this.#broker = broker
    this.#servers = servers
    this.#options = options
  }

  async runAll(connections: number, durationMs: number): Promise<Record<Mode, DurableRun>> {
    return {
      none: await this.#run('none', connections, durationMs),
      always: await this.#run('always', connections, durationMs),
      interval: await this.#run('interval', connections, durationMs),
      os: await this.#run('os', connections, durationMs),
    }
  }

  async #run(mode: Mode, connections: number, durationMs: number): Promise<DurableRun> {
    const server = this.#servers.get(mode)
    if (!server) throw new Error('a server was left out')
    const before = await groupsOf(server)
    const run = await runLoad(server, {
      ...{ bodies: [pushBody(mode, { bytes: BYTES })], connections },
      ...{ durationMs, warmUpMs: this.#options.warmUpMs },
      ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
    })
    const accepted = (this.#accepted.get(mode) ?? 0) + run.requests
    this.#accepted.set(mode, accepted)
    await assertStored(this.#broker, mode, accepted, DRAIN_TIMEOUT_MS)
    await until('the log to be settled', DRAIN_TIMEOUT_MS, async () =>
      (await groupsOf(server)).pending === 0 ? true : undefined,
    )
    const after = await groupsOf(server)
    const groupBytes =
      (FRAME_BYTES * (after.records - before.records)) / (after.groups - before.groups)
    return { ...run, groupBytes }
  }
}

/** The bytes that one push takes in the log. */
const FRAME_BYTES = frameBytes(
  payloadBytesOf([
    {
      ...{ topic: 'always', partition: undefined, key: null, value: 'x'.repeat(BYTES) },
      ...{ headers: [], timestampMs: undefined },
    },
  ]),
)

async function groupsOf({
  metricsPort,
}: Server): Promise<{ records: number; groups: number; pending: number }> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  const metrics = parseMetrics(await response.text())
  return {
    records: metrics.sum('kprf_wal_group_records_sum'),
    groups: metrics.sum('kprf_wal_group_records_count'),
    pending: metrics.sum('kprf_wal_pending_records'),
  }
}

function figuresOf(rounds: readonly Round[]): readonly Figure[] {
  const spread = (of: (round: Round) => number): ReturnType<typeof spreadOf> =>
    spreadOf(rounds.map(of))
  const rate = (mode: Mode): ReturnType<typeof spreadOf> =>
    spread(({ many }) => many[mode].requestsPerSecond)
  const bytesPerSecond = ({ many }: Round): number => many.always.requestsPerSecond * FRAME_BYTES
  const ofAsync = spread(({ many }) => many.always.requestsPerSecond / many.none.requestsPerSecond)
  const ofDisk = spread((round) => bytesPerSecond(round) / round.disk.bytesPerSecond)
  const group = spread(({ many }) => many.always.groupBytes)
  const share = (mode: Mode): number =>
    spread(({ many }) => many[mode].requestsPerSecond / many.none.requestsPerSecond).median
  const alone = (mode: Mode): string =>
    spread((round) => round.alone[mode].latencyMs.p50).median.toFixed(2)
  const diskMs = spread(({ diskAlone }) => diskAlone.turnMs).median
  return [
    {
      name: `durable pushes of one record of 4 KiB, ${CONNECTIONS} connections, wal.sync: always`,
      measured: `${show(rate('always'), 'a second', 0)}; without the log ${show(rate('none'), '', 0)}: ${show(ofAsync, 'x', 2)}; the disk by itself, in groups of ${(group.median / 1024).toFixed(0)} KiB, ${show(
        spread(({ disk }) => disk.bytesPerSecond / MIB),
        'MiB/s',
        0,
      )}: ${show(ofDisk, 'x', 2)}`,
      target: `>= ${MIN_OF_ASYNC} x without the log, or ${MIN_OF_DISK} x the disk by itself`,
      isReached: ofAsync.median >= MIN_OF_ASYNC || ofDisk.median >= MIN_OF_DISK,
      values: { ofAsync: ofAsync.median, ofDisk: ofDisk.median, groupBytes: group.median },
    },
    {
      name: 'processor time of one such push',
      measured: MODES.map(
        (mode) =>
          `${mode} ${show(
            spread(({ many }) => many[mode].cpuPerRequestUs),
            'µs',
          )}`,
      ).join(', '),
      target: '',
      isReached: undefined,
      values: {},
    },
    {
      name: 'the same with other values of wal.sync, beside no log',
      measured: `interval ${share('interval').toFixed(2)} x, os ${share('os').toFixed(2)} x`,
      target: '',
      isReached: undefined,
      values: { interval: share('interval'), os: share('os') },
    },
    {
      name: 'one connection: median until the reply',
      measured: `without the log ${alone('none')} ms, os ${alone('os')} ms, interval ${alone('interval')} ms, always ${alone('always')} ms; a bare write and sync ${diskMs.toFixed(2)} ms`,
      target: '',
      isReached: undefined,
      values: { diskMs },
    },
  ]
}
