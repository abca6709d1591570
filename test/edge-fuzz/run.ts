/**
 * Says the same to two kprf, one with the fast way and one without, and compares: the replies byte for byte, how the
 * connection ends, what is produced and what is counted.
 */
import { isDeepStrictEqual } from 'node:util'
import { SeededRandom } from '../support/random.ts'
import { type Conversation, drawConversation } from './draw-conversation.ts'
import { OneWay, type Outcome } from './one-way.ts'
import { type MakeSetup, SETUPS } from './setups.ts'

/** Options of {@link runEdgeFuzz}. */
export interface EdgeFuzzOptions {
  readonly runs: number
  readonly seed: number
  /** Called after each conversation. */
  readonly onCompared?: () => void
}

/** A conversation that did not come to the same. */
export interface Difference {
  readonly run: number
  readonly pieces: readonly string[]
  readonly pause: number
  readonly ending: string
  readonly fast: Outcome
  readonly plain: Outcome
}

/** What was compared. */
export interface EdgeFuzzResult {
  readonly runs: number
  readonly replies: number
  readonly records: number
  /** Pushes that the fast way took. */
  readonly fastPushes: number
  /** Conversations that did not come to the same at once, so that they were held again. */
  readonly askedAgain: number
  readonly differences: readonly Difference[]
}

/** Conversations at the same time, each with servers of its own. */
const LANES = 24
/** Whether a body had arrived when it was refused is for the machine to decide: of a difference, both ways are asked again. */
const REPEATS = 12
const MAX_DIFFERENCES = 20

/** Runs the comparison. */
export async function runEdgeFuzz(options: EdgeFuzzOptions): Promise<EdgeFuzzResult> {
  const { runs, seed, onCompared } = options
  const differences: Difference[] = []
  let next = 0
  let replies = 0
  let records = 0
  let fastPushes = 0
  let askedAgain = 0
  const lane = async (): Promise<void> => {
    const pairs = await Promise.all(SETUPS.map(openPair))
    while (next < runs && differences.length < MAX_DIFFERENCES) {
      const run = next
      next += 1
      const random = new SeededRandom((seed + run) | 0)
      const conversation = drawConversation(random)
      const { fast, plain } = random.pick(random.chance(0.6) ? pairs.slice(0, 2) : pairs)
      const [ofFast, ofPlain] = await Promise.all([
        fast.talk(conversation),
        plain.talk(conversation),
      ])
      replies += ofPlain.replies.split('HTTP/1.1 ').length - 1
      records += ofPlain.records.length
      if (!isDeepStrictEqual(ofFast, ofPlain)) {
        askedAgain += 1
        if (!(await canBeSame(conversation, fast, plain, [ofFast, ofPlain]))) {
          const pieces = conversation.pieces.map((piece) => piece.toString('latin1'))
          const { pause, ending } = conversation
          differences.push({ run, pieces, pause, ending, fast: ofFast, plain: ofPlain })
        }
      }
      onCompared?.()
    }
    for (const { fast, plain } of pairs) {
      fastPushes += fast.fastPushes
      await Promise.all([fast.close(), plain.close()])
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return { runs: next, replies, records, fastPushes, askedAgain, differences }
}

interface Pair {
  readonly fast: OneWay
  readonly plain: OneWay
}

async function openPair(makeSetup: MakeSetup): Promise<Pair> {
  const [fast, plain] = await Promise.all([
    OneWay.open(true, makeSetup),
    OneWay.open(false, makeSetup),
  ])
  return { fast, plain }
}

/** Whether both ways come to one and the same outcome at least once. */
async function canBeSame(
  conversation: Conversation,
  fast: OneWay,
  plain: OneWay,
  [firstOfFast, firstOfPlain]: readonly [Outcome, Outcome],
): Promise<boolean> {
  const ofFast = [firstOfFast]
  const ofPlain = [firstOfPlain]
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    ofFast.push(await fast.talk(conversation))
    ofPlain.push(await plain.talk(conversation))
    if (ofFast.some((one) => ofPlain.some((other) => isDeepStrictEqual(one, other)))) return true
  }
  return false
}
