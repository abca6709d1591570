/**
 * Other HTTP servers on the same brokers, compared with kprf: those that speak `/push`, and those that take a record as
 * the body of a request, which they should send to the topic `kprf-bench`.
 */
import type { BenchOptions, Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { residentBytes } from '../support/cpu-time.ts'
import type { Door } from '../support/peer.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { cpuOf, startKprf, type Server } from '../support/server.ts'
import { besideFigure, type BesideTarget, type Contender, type Turn } from './beside.ts'
import { settledCount } from './compared.ts'

const TOPIC = 'kprf-bench'
const PARTITIONS = 4

/** What one server is sent. */
interface Request {
  readonly target: string
  readonly body: string
}

interface Case extends BesideTarget {
  readonly name: string
  /** Of the peers. */
  readonly door: Door
  readonly records: number
  readonly connections: number
  /** What peers are sent. */
  readonly body: string
  /** What kprf is sent; `undefined`: the same to `/push`. */
  readonly own: Request | undefined
}

/** One server in a case. */
interface Entrant extends Request {
  readonly server: Server
}

const SYNC_PUSH = pushBody(TOPIC, { bytes: 4_096, isSync: true })
const RAW = 'x'.repeat(4_096)

const SINGLE: readonly Case[] = [
  {
    ...{ name: 'asynchronous pushes of one 4 KiB record', door: 'push' },
    ...{ records: 1, connections: 256, body: pushBody(TOPIC, { bytes: 4_096 }) },
    ...{ minSpeedup: 1.4, maxCpuRatio: undefined, own: undefined },
  },
  {
    ...{ name: 'asynchronous pushes of one record of 100 bytes', door: 'push' },
    ...{ records: 1, connections: 256, body: pushBody(TOPIC, { bytes: 100 }) },
    ...{ minSpeedup: 1.4, maxCpuRatio: undefined, own: undefined },
  },
  {
    ...{ name: 'synchronous pushes of one 4 KiB record', door: 'push' },
    ...{ records: 1, connections: 256, body: SYNC_PUSH },
    ...{ minSpeedup: 1.6, maxCpuRatio: 1, own: undefined },
  },
  {
    ...{ name: 'synchronous raw bodies of 4 KiB', door: 'raw' },
    ...{ records: 1, connections: 256, body: RAW },
    own: { target: `/topics/${TOPIC}/raw?wait=true`, body: RAW },
    ...{ minSpeedup: 1.2, maxCpuRatio: undefined },
  },
  {
    ...{ name: 'synchronous pushes of one 4 KiB record, against raw bodies', door: 'raw' },
    ...{ records: 1, connections: 256, body: RAW },
    own: { target: '/push', body: SYNC_PUSH },
    ...{ minSpeedup: 1.2, maxCpuRatio: undefined },
  },
]

const MANY: readonly Case[] = [
  {
    ...{ name: 'asynchronous pushes of 100 records of 1 KiB', door: 'push' },
    ...{ records: 100, connections: 16, body: pushBody(TOPIC, { records: 100, bytes: 1_024 }) },
    ...{ minSpeedup: 1, maxCpuRatio: undefined, own: undefined },
  },
  {
    ...{ name: 'synchronous pushes of 100 records of 1 KiB', door: 'push' },
    ...{ records: 100, connections: 16 },
    body: pushBody(TOPIC, { records: 100, bytes: 1_024, isSync: true }),
    ...{ minSpeedup: 10, maxCpuRatio: undefined, own: undefined },
  },
]

/** Requests of one record beside each peer. */
export const peers: Measure = (options) => besidePeers(SINGLE, options)

/** Requests of many records beside each peer. */
export const peersManyRecords: Measure = (options) => besidePeers(MANY, options)

/** Requests a second and processor time, with acks 1 and a linger of 10 ms. */
async function besidePeers(
  cases: readonly Case[],
  options: BenchOptions,
): Promise<readonly Figure[]> {
  if (options.peers.length === 0) return []
  const broker = await Broker.start({ [TOPIC]: PARTITIONS }, options.brokers)
  const server = await startKprf(broker.bootstrap, {
    'kafka.queue_buffering_max_ms': 10,
    'kafka.request_required_acks': 1,
  })
  const figures: Figure[] = []
  try {
    for (const one of cases) {
      const others = options.peers.filter(({ door }) => door === one.door)
      if (others.length === 0) continue
      const { body } = one
      const entrants = [
        { server, ...(one.own ?? { target: '/push', body }) },
        ...others.map(({ server, target }) => ({ server, target, body })),
      ]
      const [kprf, ...rest] = await takeTurns(broker, one, entrants, options)
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
  { records, connections }: Case,
  entrants: readonly Entrant[],
  { durationMs, warmUpMs, rounds }: BenchOptions,
): Promise<readonly Contender[]> {
  const turns = entrants.map((): Turn[] => [])
  const load = {
    ...{ connections, warmUpMs },
    ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
  }
  const turn = async ({ server, target, body }: Entrant, durationMs: number): Promise<Turn> => {
    const before = await broker.recordCount(TOPIC)
    const cpuBeforeMs = cpuOf(server)
    const run = await runLoad(server, { ...load, target, bodies: [body], durationMs })
    const accepted = run.requests * records
    const stored = (await settledCount(broker, TOPIC, before + accepted)) - before
    // With what is left to send after the last reply.
    const cpuMs = cpuOf(server) - cpuBeforeMs
    return {
      requestsPerSecond: run.requestsPerSecond,
      cpuPerRecordUs: (cpuMs / accepted) * 1000,
      ...{ accepted, stored },
    }
  }
  // A new process compiles its code, finds the leaders and grows its memory first.
  for (const entrant of entrants) await turn(entrant, 0)
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, entrant] of entrants.entries()) {
      turns[index]?.push(await turn(entrant, durationMs))
    }
  }
  return entrants.map(({ server: { name, pid } }, index) => ({
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
