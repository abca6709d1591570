/**
 * Says the same to two kprf, one with the fast way and one without, and compares: the replies byte for byte, how the
 * connection ends, what is produced and what is counted.
 */
import { isDeepStrictEqual } from 'node:util'
import { SeededRandom } from '../support/random.ts'
import { type Conversation, drawConversation } from './draw-conversation.ts'
import { OneWay, type Outcome } from './one-way.ts'

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
  readonly differences: readonly Difference[]
}

/** Conversations at the same time, each with two servers of its own. */
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
  const lane = async (): Promise<void> => {
    const [fast, plain] = await Promise.all([OneWay.open(true), OneWay.open(false)])
    while (next < runs && differences.length < MAX_DIFFERENCES) {
      const run = next
      next += 1
      const conversation = drawConversation(new SeededRandom((seed + run) | 0))
      const [ofFast, ofPlain] = await Promise.all([
        fast.talk(conversation),
        plain.talk(conversation),
      ])
      replies += ofPlain.replies.split('HTTP/1.1 ').length - 1
      records += ofPlain.records.length
      if (!isDeepStrictEqual(ofFast, ofPlain)) {
        if (!(await canBeSame(conversation, fast, plain, [ofFast, ofPlain]))) {
          const pieces = conversation.pieces.map((piece) => piece.toString('latin1'))
          differences.push({ run, pieces, fast: ofFast, plain: ofPlain })
        }
      }
      onCompared?.()
    }
    fastPushes += fast.fastPushes
    await Promise.all([fast.close(), plain.close()])
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return { runs: next, replies, records, fastPushes, differences }
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
