import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../src/test-cluster.ts'
import type { ClusterParts } from '../src/cluster-parts.ts'
import { createParts } from '../src/cluster-parts.ts'
import { Dispatcher } from '../src/dispatcher.ts'
import { createEndpoints } from '../src/endpoints.ts'
import { settingsFrom } from '../src/options.ts'
import { Authenticator } from '../src/sasl/authenticator.ts'
import { saslMechanisms } from '../src/sasl/mechanism.ts'
import { Session } from '../src/session.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { SeededRandom, TEST_SEED } from '../../../test/support/random.ts'
import { everyRequest } from './support/every-request.ts'
import { requestFrame, WireClient } from './support/wire-client.ts'

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 20_000)
const STREAMS = 300
const MAX_GROWTH_BYTES = 100_000_000

const seed = TEST_SEED

/** A well-formed frame of every kind in every version. */
const frames = everyRequest.flatMap(({ api, request }) =>
  Array.from({ length: api.maxVersion - api.minVersion + 1 }, (_, step) =>
    requestFrame(api, api.minVersion + step, request, 77),
  ),
)

type Random = () => number
type Mutation = (frame: Buffer, random: Random) => Buffer

const below = (random: Random, limit: number): number => Math.floor(random() * limit)

const noise = (random: Random, lengthBytes: number): Buffer =>
  Buffer.from(Array.from({ length: lengthBytes }, () => below(random, 256)))

/** Numbers that lie at the edges of what a field may hold. */
const edges = [-1, 0, 1, 127, 128, 255, 32_767, 65_535, 2 ** 31 - 1, -(2 ** 31)]

const mutations: readonly Mutation[] = [
  (frame, random) => {
    const copy = Buffer.from(frame)
    const index = below(random, copy.length)
    copy.writeUInt8(copy.readUInt8(index) ^ (1 << below(random, 8)), index)
    return copy
  },
  (frame, random) => {
    const copy = Buffer.from(frame)
    copy.writeUInt8(below(random, 256), below(random, copy.length))
    return copy
  },
  (frame, random) => frame.subarray(0, below(random, frame.length)),
  (frame, random) => {
    const at = below(random, frame.length)
    return Buffer.concat([
      frame.subarray(0, at),
      noise(random, below(random, 20)),
      frame.subarray(at),
    ])
  },
  (frame, random) => {
    const copy = Buffer.from(frame)
    const edge = edges[below(random, edges.length)] ?? 0
    copy.writeInt32BE(edge | 0, below(random, copy.length - 3))
    return copy
  },
  (frame, random) => {
    const other = frames[below(random, frames.length)] ?? frame
    return Buffer.concat([
      frame.subarray(0, below(random, frame.length)),
      other.subarray(below(random, other.length)),
    ])
  },
  (frame, random) => Buffer.concat([frame.subarray(0, 12), noise(random, below(random, 200))]),
]

function mutant(random: Random): Buffer {
  let frame = frames[below(random, frames.length)] ?? Buffer.alloc(0)
  for (let count = 1 + below(random, 3); count > 0 && frame.length > 12; count -= 1) {
    frame = mutations[below(random, mutations.length)]?.(frame, random) ?? frame
  }
  return frame
}

describe(`the broker, fed ${FRAMES} mutated frames (TEST_SEED=${seed})`, () => {
  const clock = new FakeClock()
  let parts: ClusterParts
  let dispatcher: Dispatcher

  beforeEach(() => {
    parts = createParts(settingsFrom({ clock, maxPartitions: 500, partitionMaxBytes: 10_000 }))
    parts.registry.add({ id: 1, host: '127.0.0.1', port: 1 })
    parts.catalog.create('orders', { partitions: 1 })
    dispatcher = new Dispatcher(createEndpoints(parts))
  })

  const newSession = (closed: AbortSignal, isSasl: boolean): Session => {
    const users = new Map([['alice', 'secret']])
    const settings = { mechanisms: saslMechanisms, users, epochMs: () => 0 }
    const authenticator = isSasl ? new Authenticator(settings) : undefined
    return new Session({ clientHost: 'h', closed, authenticator, certificateName: undefined })
  }

  /** Serves one frame; what waits for others is let go as if its client had left. */
  const feed = async (
    frame: Buffer,
    isSasl: boolean,
  ): Promise<'answered' | 'closed' | 'waiting'> => {
    const client = new AbortController()
    const session = newSession(client.signal, isSasl)
    const serving = dispatcher.serve(frame.subarray(4), { brokerId: 1, connectionId: 1, session })
    const waiting = clock.advance(1).then(() => undefined)
    const outcome = await Promise.race([serving, waiting])
    client.abort()
    if (!outcome) return 'waiting'
    return outcome.close === 'no' ? 'answered' : 'closed'
  }

  test('answers or closes, and neither fails nor grows', async () => {
    const random = new SeededRandom(seed).next
    const counts = { answered: 0, closed: 0, waiting: 0 }
    const before = process.memoryUsage()

    for (let count = 0; count < FRAMES; count += 1) {
      counts[await feed(mutant(random), count % 4 === 0)] += 1
    }

    const after = process.memoryUsage()
    expect(counts.answered).toBeGreaterThan(FRAMES / 20)
    expect(counts.closed).toBeGreaterThan(FRAMES / 20)
    const used = (memory: NodeJS.MemoryUsage): number => memory.heapUsed + memory.arrayBuffers
    expect(used(after) - used(before)).toBeLessThan(MAX_GROWTH_BYTES)
    const partitions = parts.catalog.topics().flatMap((topic) => topic.partitions)
    expect(partitions.length).toBeLessThanOrEqual(500)
    expect(parts.coordinator.groups().length).toBeLessThanOrEqual(1_000)
  })
})

describe(`the broker, fed mutated streams (TEST_SEED=${seed})`, () => {
  const internalErrors: unknown[] = []
  let cluster: TestCluster

  beforeEach(async () => {
    cluster = await TestCluster.start({
      topics: { orders: { partitions: 1 } },
      maxPartitions: 500,
      onInternalError: (error) => internalErrors.push(error),
    })
  })

  afterEach(async () => {
    await cluster.close()
  })

  test('serves the next client as ever', async () => {
    const random = new SeededRandom(seed).next

    for (let count = 0; count < STREAMS; count += 1) {
      const client = await WireClient.connect(cluster.bootstrap)
      client.socket.write(Buffer.concat(Array.from({ length: 5 }, () => mutant(random))))
      client.socket.end()
      if (count % 2 === 0) await client.close()
      else client.socket.resume()
    }
    const client = await WireClient.connect(cluster.bootstrap)
    const [apiVersions] = everyRequest
    await client.send(apiVersions?.api ?? never(), 3, apiVersions?.request)

    expect(internalErrors).toEqual([])
    await client.close()
  })
})

function never(): never {
  throw new Error('there are no requests')
}
