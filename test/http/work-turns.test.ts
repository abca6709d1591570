import { describe, expect, it } from 'vitest'
import { WorkTurns } from '../../src/http/work-turns.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { pushBody, rawPush, serveEdge } from '../support/http-edge.ts'
import { turnByTurn } from '../support/turn-by-turn.ts'

const HALF = 300_000

/** Enters so many pieces of work and keeps which were let in, in order. */
function enterAll(turns: WorkTurns, sizes: readonly number[]): number[] {
  const entered: number[] = []
  for (const [index, bytes] of sizes.entries()) {
    const turn = turns.enter(bytes)
    if (turn === undefined) entered.push(index)
    else void turn.then(() => entered.push(index))
  }
  return entered
}

describe('WorkTurns', () => {
  it('lets work in at once as long as the turn has room for it', () => {
    const entered = enterAll(new WorkTurns(new FakeClock()), [1_000, 1_000, 1_000])

    expect(entered).toEqual([0, 1, 2])
  })

  it('lets in one piece per turn if two are too much', async () => {
    const { clock, next } = turnByTurn()
    const entered = enterAll(new WorkTurns(clock), [HALF, HALF, HALF])
    const perTurn = [[...entered]]

    for (let turn = 0; turn < 2; turn += 1) {
      await next()
      perTurn.push([...entered])
    }

    expect(perTurn).toEqual([[0], [0, 1], [0, 1, 2]])
  })

  it('lets in a piece that is larger than a turn, by itself', async () => {
    const clock = new FakeClock()
    const entered = enterAll(new WorkTurns(clock), [8_000_000, 10, 8_000_000])

    await clock.advance(0)
    await clock.advance(0)

    expect(entered).toEqual([0, 1, 2])
  })

  it('lets no work overtake waiting work', async () => {
    const clock = new FakeClock()
    const entered = enterAll(new WorkTurns(clock), [HALF, HALF, 10, 10])
    const before = [...entered]

    await clock.advance(0)

    expect(before).toEqual([0])
    expect(entered).toEqual([0, 1, 2, 3])
  })

  it('counts small work too', () => {
    const entered = enterAll(new WorkTurns(new FakeClock()), new Array<number>(1_000).fill(1))

    expect(entered.length).toBeLessThan(600)
    expect(entered.length).toBeGreaterThan(400)
  })

  it('starts from zero in each turn', async () => {
    const clock = new FakeClock()
    const turns = new WorkTurns(clock)
    enterAll(turns, [HALF])
    await clock.advance(0)

    expect(turns.enter(HALF)).toBeUndefined()
  })
})

describe('pushes that arrive together', () => {
  it('are taken in their order, whatever their size', async () => {
    const settings = {
      maxBodyBytes: 1_000_000,
      maxCompressionRatio: 100,
      maxRecordsPerRequest: 100,
      maxTopicsPerRequest: 100,
      unknownFields: 'ignore',
      allowOldTimestamps: false,
      invalidRecords: 'refuse_request',
      replies: 'readme',
    } as const
    const { connect, producer } = await serveEdge({ settings })
    const bodies = ['a', 'b', 'c', 'd'].map((key, index) =>
      rawPush(pushBody({ key, data: 'x'.repeat(index < 2 ? HALF : 1) })),
    )

    const replies = await connect().write(Buffer.concat(bodies)).responses(4)

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(producer.records.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd'])
  })
})
