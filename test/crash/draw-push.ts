/** The pushes of the crash test: records of every kind, each with a number that it is recognized by. */
import type { PushedRecord } from '../support/push.ts'
import type { SeededRandom } from '../support/random.ts'

/** Topics and their partitions. */
export const TOPICS = { one: { partitions: 1 }, three: { partitions: 3 }, six: { partitions: 6 } }

/** The header with the number of a record. */
export const ID = 'id'

const NAMES = Object.keys(TOPICS) as readonly (keyof typeof TOPICS)[]
const OTHER_HEADERS = { trace: 'ünïcode ✓', empty: '' }
const SOME_TIME_MS = 1_700_000_000_000

/** Draws records with these numbers. Some are binary, some have no value, some choose their partition. */
export function drawRecords(random: SeededRandom, ids: readonly string[]): readonly PushedRecord[] {
  return ids.map((id) => {
    const topic = random.pick(NAMES)
    const isBinary = random.chance(0.5)
    const key = random.chance(0.6) ? textOf(random, random.between(0, 12), isBinary) : undefined
    return {
      topic,
      // One without a value needs a key.
      data:
        key !== undefined && random.chance(0.05)
          ? null
          : textOf(random, drawLength(random), isBinary),
      headers: { [ID]: id, ...(random.chance(0.3) ? OTHER_HEADERS : {}) },
      ...(isBinary && { encoding: 'base64' as const }),
      ...(key !== undefined && { key }),
      ...(random.chance(0.3) && { partition: random.below(TOPICS[topic].partitions) }),
      ...(random.chance(0.3) && { timestamp: SOME_TIME_MS + random.below(1_000_000_000) }),
    }
  })
}

/** Mostly small, some larger than a page, few larger than a batch. */
function drawLength(random: SeededRandom): number {
  if (random.chance(0.01)) return random.between(20_000, 200_000)
  return random.chance(0.1) ? random.between(1_000, 10_000) : random.between(0, 300)
}

function textOf(random: SeededRandom, length: number, isBinary: boolean): string {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 1) bytes[at] = random.below(256)
  // Two bytes become four characters at most.
  return isBinary ? bytes.toString('base64') : bytes.toString('latin1').slice(0, length)
}
