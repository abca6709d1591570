/** The pushes of the crash test: records of every kind, each with a number that it is recognized by. */
import type { PushedRecord } from '../support/push.ts'
import type { SeededRandom } from '../support/random.ts'

const PARTITIONS = { one: 1, three: 3, six: 6, small: 1, compacted: 1, forbidden: 1 }
type Topic = keyof typeof PARTITIONS
const NAMES = Object.keys(PARTITIONS) as readonly Topic[]
/** Of the topics that take every record. */
const ORDINARY: readonly Topic[] = ['one', 'three', 'six']

/** Where dead letters go. */
export const DEAD_LETTER_TOPIC = 'dead'
/** A batch that the topic `small` takes, bytes. */
const SMALL_BYTES = 1_000

/** Topics as the cluster creates them. */
export const TOPICS = {
  ...Object.fromEntries(NAMES.map((name) => [name, { partitions: PARTITIONS[name] }])),
  small: { partitions: 1, maxMessageBytes: SMALL_BYTES },
  compacted: { partitions: 1, configs: { 'cleanup.policy': 'compact' } },
  [DEAD_LETTER_TOPIC]: { partitions: 1 },
}

/** Rights that kprf does not have. */
export const DENIALS = [{ principal: '*', topic: 'forbidden', operations: ['write' as const] }]

/** The header with the number of a record. */
export const ID = 'id'

const OTHER_HEADERS = { trace: 'ünïcode ✓', empty: '' }
const SOME_TIME_MS = 1_700_000_000_000

/** Draws records with these numbers. Some are binary, some have no value, some choose their partition. */
export function drawRecords(
  random: SeededRandom,
  ids: readonly string[],
  areLarge: boolean,
): readonly PushedRecord[] {
  return ids.map((id) => {
    const topic = random.pick(random.chance(0.1) ? NAMES : ORDINARY)
    const isBinary = random.chance(0.5)
    const key = random.chance(0.6) ? textOf(random, random.between(0, 12), isBinary) : undefined
    return {
      topic,
      // One without a value needs a key.
      data:
        key !== undefined && random.chance(0.05)
          ? null
          : textOf(random, drawLength(random, topic, areLarge), isBinary),
      headers: { [ID]: id, ...(random.chance(0.3) ? OTHER_HEADERS : {}) },
      ...(isBinary && { encoding: 'base64' as const }),
      ...(key !== undefined && { key }),
      ...(random.chance(0.3) && { partition: random.below(PARTITIONS[topic]) }),
      ...(random.chance(0.3) && { timestamp: SOME_TIME_MS + random.below(1_000_000_000) }),
    }
  })
}

/** Whether Kafka refuses a record for good. */
export function isRefusedByKafka({ topic, key, data }: PushedRecord): boolean {
  if (topic === 'forbidden') return true
  if (topic === 'compacted') return key === undefined
  return topic === 'small' && (data?.length ?? 0) > SMALL_BYTES
}

/** Mostly small, some larger than a page, few larger than a batch; or all so large that files of the log are full soon. */
function drawLength(random: SeededRandom, topic: Topic, areLarge: boolean): number {
  // Far from the limit, on either side of it.
  if (topic === 'small') return random.pick([random.between(0, 300), random.between(1_500, 2_500)])
  if (!ORDINARY.includes(topic)) return random.between(0, 300)
  if (areLarge) return random.between(20_000, 60_000)
  if (random.chance(0.01)) return random.between(20_000, 200_000)
  return random.chance(0.1) ? random.between(1_000, 10_000) : random.between(0, 300)
}

/** Bytes that are drawn once: most of the time of the test would go into drawing others. */
const NOISE_BYTES = 2 ** 18
let noise: Buffer | undefined

function textOf(random: SeededRandom, length: number, isBinary: boolean): string {
  noise ??= Buffer.from(Array.from({ length: NOISE_BYTES }, () => random.below(256)))
  const start = random.below(NOISE_BYTES - length)
  const bytes = noise.subarray(start, start + length)
  // Two bytes become four characters at most.
  return isBinary ? bytes.toString('base64') : bytes.toString('latin1').slice(0, length)
}
