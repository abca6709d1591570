/**
 * Other HTTP servers on the same brokers, compared with kprf: those that speak `/push`, and those that take a record as
 * the body of a request, which they should send to the topic `kprf-bench`.
 */
import type { BenchOptions, Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { residentBytes } from '../support/cpu-time.ts'
import type { Door, Peer } from '../support/peer.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { besideFigure, type BesideTarget, type Contender, type Turn } from './beside.ts'
import { settledCount } from './compared.ts'

const TOPIC = 'kprf-bench'
const PARTITIONS = 4

interface Case extends BesideTarget {
  readonly name: string
  readonly door: Door
  readonly records: number
  readonly connections: number
  readonly body: string
}

const CASES: readonly Case[] = [
  {
    ...{ name: 'asynchronous pushes of one 4 KiB record', door: 'push' },
    ...{ records: 1, connections: 256, body: pushBody(TOPIC, { bytes: 4_096 }) },
    ...{ minSpeedup: 1.4, maxCpuRatio: undefined },
  },
  {
    ...{ name: 'asynchronous pushes of one record of 100 bytes', door: 'push' },
    ...{ records: 1, connections: 256, body: pushBody(TOPIC, { bytes: 100 }) },
    ...{ minSpeedup: 1.4, maxCpuRatio: undefined },
  },
  {
    ...{ name: 'synchronous pushes of one 4 KiB record', door: 'push' },
    ...{ records: 1, connections: 256, body: pushBody(TOPIC, { bytes: 4_096, isSync: true }) },
    ...{ minSpeedup: 1.6, maxCpuRatio: 1 },
  },
  {
    ...{ name: 'asynchronous pushes of 100 records of 1 KiB', door: 'push' },
    ...{ records: 100, connections: 16, body: pushBody(TOPIC, { records: 100, bytes: 1_024 }) },
    ...{ minSpeedup: 1, maxCpuRatio: undefined },
  },
  {
    ...{ name: 'synchronous pushes of 100 records of 1 KiB', door: 'push' },
    ...{ records: 100, connections: 16 },
    body: pushBody(TOPIC, { records: 100, bytes: 1_024, isSync: true }),
    ...{ minSpeedup: 10, maxCpuRatio: undefined },
  },
  {
    ...{ name: 'synchronous raw bodies of 4 KiB', door: 'raw' },
    ...{ records: 1, connections: 256, body: 'x'.repeat(4_096) },
    ...{ minSpeedup: 1.2, maxCpuRatio: undefined },
  },
]

/** The doors of kprf. */
const TARGETS: Readonly<Record<Door, string>> = {
  push: '/push',
  raw: `/topics/${TOPIC}/raw?wait=true`,
}

/** Requests a second and processor time beside each peer, with acks 1 and a linger of 10 ms. */
export const peers: Measure = async (options) => {
  if (options.peers.length === 0) return []
  const broker = await Broker.start({ [TOPIC]: PARTITIONS }, options.brokers)
  const server = await startKprf(broker.bootstrap, {
    'kafka.queue_buffering_max_ms': 10,
    'kafka.request_required_acks': 1,
  })
  const figures: Figure[] = []
  try {
    for (const one of CASES) {
      const others = options.peers.filter(({ door }) => door === one.door)
      if (others.length === 0) continue
      const own = { server, target: TARGETS[one.door], door: one.door }
      const [kprf, ...rest] = await takeTurns(broker, one, [own, ...others], options)
      if (!kprf) throw new Error('kprf was left out')
      assertNothingLost(kprf)
      figures.push(...rest.map((other) => besideFigure(one.name, kprf, other, one)))
    }
    return figures
  } finally {
    await server.stop()
    await broker.stop()
  }
}

async function takeTurns(
  broker: Broker,
  { records, connections, body }: Case,
  servers: readonly Peer[],
  { durationMs, warmUpMs, rounds }: BenchOptions,
): Promise<readonly Contender[]> {
  const turns = servers.map((): Turn[] => [])
  const load = {
    ...{ bodies: [body], connections, warmUpMs },
    ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
  }
  const turn = async ({ server, target }: Peer, durationMs: number): Promise<Turn> => {
    const before = await broker.recordCount(TOPIC)
    const run = await runLoad(server, { ...load, target, durationMs })
    const accepted = run.requests * records
    return {
      requestsPerSecond: run.requestsPerSecond,
      cpuPerRecordUs: run.cpuPerRequestUs / records,
      accepted,
      stored: (await settledCount(broker, TOPIC, before + accepted)) - before,
    }
  }
  // A new process compiles its code, finds the leaders and grows its memory first.
  for (const server of servers) await turn(server, 0)
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      turns[index]?.push(await turn(server, durationMs))
    }
  }
  return servers.map(({ server: { name, pid } }, index) => ({
    ...{ name, turns: turns[index] ?? [] },
    residentBytes: pid === undefined ? undefined : residentBytes(pid),
  }))
}

function assertNothingLost({ name, turns }: Contender): void {
  for (const { accepted, stored } of turns) {
    if (accepted === stored) continue
    throw new Error(`${name} accepted ${accepted} records, and the brokers have ${stored}`)
  }
}
