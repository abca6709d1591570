import { expect, it } from 'vitest'
import type { Call } from '../../../../src/http/edge/route.ts'
import {
  type ReadsOptions,
  topicOf,
  topicsFor,
} from '../../../../src/http/rest/reads/read-route.ts'
import { WorkTurns } from '../../../../src/http/work-turns.ts'
import { ClusterDirectory } from '../../../../src/ingest/cluster-directory.ts'
import { settle } from '../../../support/fake-clock.ts'
import { FakeClusterSource, partitionOf } from '../../../support/fake-cluster-source.ts'
import { turnByTurn } from '../../../support/turn-by-turn.ts'

const MANY = 10_000

/** Of a client that asks for a topic. */
function callOf(topic: string): Call {
  return { params: { topic }, principal: { name: 'shop' } } as unknown as Call
}

it.each<[string, (options: ReadsOptions) => Promise<unknown>]>([
  ['lists', (options) => topicsFor(callOf(''), options)],
  ['topics', (options) => topicOf(callOf('large'), options)],
])(
  'long %s are written in turns of their own, so that others are served meanwhile',
  async (_, read) => {
    const names = Array.from({ length: MANY }, (_, index) => [`t${index}`, []] as const)
    const large = Array.from({ length: MANY }, (_, index) => partitionOf(index))
    const source = new FakeClusterSource({ ...Object.fromEntries(names), large })
    const { clock, next } = turnByTurn()
    const options = {
      directory: new ClusterDirectory({
        ...{ source, permissions: () => ({ mayDescribe: () => true }) },
      }),
      turns: new WorkTurns(clock),
    } as unknown as ReadsOptions
    let written = 0
    const perTurn: number[] = []

    for (let client = 0; client < 3; client += 1) void read(options).then(() => (written += 1))
    for (let turn = 0; turn < 3; turn += 1) {
      await settle()
      perTurn.push(written)
      await next()
    }

    expect(perTurn).toEqual([1, 2, 3])
  },
)
