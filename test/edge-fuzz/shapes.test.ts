/** Each published shape of request smuggling, alone and between usual pushes: with the fast way the same comes of it as without. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Conversation } from './draw-conversation.ts'
import { OneWay, type Outcome } from './one-way.ts'
import { SETUPS } from './setups.ts'
import { type Shape, SHAPES, USUAL } from './shapes.ts'

/** Whether a body had arrived when it was refused is for the machine to decide. */
const REPEATS = 12

let fast: OneWay
let plain: OneWay

beforeAll(async () => {
  const [mixed] = SETUPS
  if (mixed === undefined) throw new Error('there is no setup')
  ;[fast, plain] = await Promise.all([OneWay.open(true, mixed), OneWay.open(false, mixed)])
})

afterAll(() => Promise.all([fast.close(), plain.close()]))

/** Alone, and in all places between usual pushes: in one piece, and cut at its own beginning, middle and end. */
function conversations({ bytes }: Shape): readonly Conversation[] {
  const half = bytes.length >> 1
  const cut = [
    Buffer.concat([USUAL, bytes.subarray(0, half)]),
    Buffer.concat([bytes.subarray(half), USUAL]),
  ]
  const pieces = [[bytes], [Buffer.concat([USUAL, bytes, USUAL])], cut, [USUAL, bytes, USUAL]]
  return pieces.map((one) => ({ pieces: one, pause: 3, ending: 'end' }))
}

async function outcomesOf(way: OneWay, all: readonly Conversation[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const one of all) outcomes.push(await way.talk(one))
  return outcomes
}

/** Whether a connection did not end. Its server is busy then, and what it says of the next shape tells nothing. */
let isBusy = false

test.each(SHAPES)('the same comes of $name on both ways', async (shape) => {
  expect(isBusy, 'a connection of an earlier shape did not end').toBe(false)
  isBusy = true
  const all = conversations(shape)
  const before = fast.fastPushes

  let ofFast = await outcomesOf(fast, all)
  let ofPlain = await outcomesOf(plain, all)
  for (let repeat = 0; repeat < REPEATS && !isDeepStrictEqual(ofFast, ofPlain); repeat += 1) {
    ofFast = await outcomesOf(fast, all)
    ofPlain = await outcomesOf(plain, all)
  }
  isBusy = false

  expect(ofFast).toEqual(ofPlain)
  // The pushes before it.
  expect(fast.fastPushes - before).toBeGreaterThanOrEqual(3)
})
