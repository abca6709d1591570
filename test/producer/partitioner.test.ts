import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import type { PartitionerName } from '../../src/base/kafka-names.ts'
import { PARTITIONERS, StickyPartition, type Random } from '../../src/producer/partitioner.ts'
import { ProducerHarness, record } from '../support/producer-harness.ts'
import { SeededRandom } from '../support/random.ts'
import { anyText } from '../support/random-runs.ts'

const PARTITION_COUNTS = [1, 2, 3, 4, 6, 12, 50, 1_000] as const
const SEED = 20_240_229

/** A random that gives these numbers in turn, and counts how often it was asked. */
function scripted(...numbers: readonly number[]): { random: Random; draws: () => number } {
  let draws = 0
  const random = (): number => numbers[draws++ % numbers.length] ?? 0
  return { random, draws: () => draws }
}

const led = (count: number): number[] => new Array<number>(count).fill(1)

const partitionOfKey = (key: string | Buffer, count: number): number | undefined =>
  PARTITIONERS.consistent_random(key, led(count), Math.random)

describe.each(Object.entries(PARTITIONERS))('%s', (_, partitioner) => {
  test('gives a string and its UTF-8 bytes the same partition', () => {
    fc.assert(
      fc.property(anyText(), fc.integer({ min: 1, max: 1_000 }), (key, count) => {
        const [ofString, ofBytes] = [key, Buffer.from(key)].map((bytes) =>
          partitioner(bytes, led(count), () => 0.3),
        )

        expect(ofString).toBe(ofBytes)
      }),
    )
  })
})

describe('consistent_random', () => {
  // Computed with zlib.crc32 of Python.
  test.each<[key: string | Buffer, partitions: readonly number[]]>([
    ['a', [0, 1, 0, 3, 3, 3, 7, 907]],
    ['b', [0, 1, 2, 1, 5, 5, 31, 681]],
    ['key', [0, 1, 1, 1, 1, 1, 37, 937]],
    ['user-42', [0, 1, 1, 3, 1, 7, 35, 435]],
    ['ключ', [0, 0, 0, 2, 0, 6, 18, 818]],
    ['日本', [0, 0, 2, 0, 2, 8, 6, 756]],
    ['🚀', [0, 0, 0, 2, 0, 6, 46, 46]],
    ['0', [0, 1, 2, 1, 5, 5, 9, 209]],
    ['123456789', [0, 0, 2, 2, 2, 2, 12, 262]],
    ['The quick brown fox jumps over the lazy dog', [0, 1, 1, 1, 1, 1, 19, 169]],
    [' ', [0, 1, 2, 1, 5, 5, 27, 277]],
    ['x'.repeat(1_000), [0, 0, 0, 2, 0, 6, 20, 270]],
    [Buffer.from([0, 255, 128, 10]), [0, 0, 2, 0, 2, 8, 44, 244]],
    [Buffer.from([0]), [0, 1, 1, 1, 1, 1, 7, 757]],
  ])('of %j is its CRC-32 modulo the number of partitions', (key, partitions) => {
    expect(PARTITION_COUNTS.map((count) => partitionOfKey(key, count))).toEqual(partitions)
  })

  test('is the same for a string and its UTF-8 bytes', () => {
    const keys = ['key', 'ключ', '🚀', '\ud800']

    const ofStrings = keys.map((key) => partitionOfKey(key, 1_000))
    const ofBytes = keys.map((key) => partitionOfKey(Buffer.from(key), 1_000))

    expect(ofStrings).toEqual(ofBytes)
  })

  test('spreads keys over all partitions evenly', () => {
    const counts = new Array<number>(8).fill(0)

    for (let n = 0; n < 16_000; n += 1) {
      const partition = partitionOfKey(`user-${n}`, 8) ?? NaN
      counts[partition] = (counts[partition] ?? 0) + 1
    }

    expect(Math.min(...counts)).toBeGreaterThan(1_800)
    expect(Math.max(...counts)).toBeLessThan(2_200)
  })
})

describe('murmur2', () => {
  test('is that of kafkajs, which is that of the Java client, for any key and number of partitions', () => {
    const partitionerOfKafkajs = Partitioners.DefaultPartitioner()

    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 5_000 }), (bytes, count) => {
        const key = Buffer.from(bytes)
        const partitionMetadata = led(count).map((leader, partitionId) => {
          const nobody = { isr: [], replicas: [], partitionErrorCode: 0 }
          return { leader, partitionId, ...nobody }
        })
        const message = { key, value: null }
        const expected = partitionerOfKafkajs({ topic: 't', partitionMetadata, message })

        expect(PARTITIONERS.murmur2(key, led(count), Math.random)).toBe(expected)
      }),
    )
  })
})

describe('fnv1a', () => {
  // Computed with Go's hash/fnv, as librdkafka's own test has them.
  test.each([
    ['kafka', 0xd33c4e1],
    ['giberish123456789', 0x77a58295],
    ['1234', 0x23bdd03],
    ['34', 0x740fa83e],
    ['', 0x7ee3623b],
  ])('of %j is the absolute value of the signed hash', (key, hash) => {
    const counts = [7, 1_000, 65_521]

    const partitions = counts.map((count) => PARTITIONERS.fnv1a(key, led(count), Math.random))

    expect(partitions).toEqual(counts.map((count) => hash % count))
  })
})

describe('a record', () => {
  const undecided: Record<PartitionerName, readonly (string | null)[]> = {
    consistent: [],
    consistent_random: [null, ''],
    murmur2: [],
    murmur2_random: [null],
    fnv1a: [],
    fnv1a_random: [null],
    random: [null],
  }

  test.each(Object.entries(undecided))(
    'goes to the sticky partition with the partitioner %s when its key is one of %j',
    (name, keys) => {
      const sticking = [null, '', 'a'].filter((key) => {
        const partitioner = PARTITIONERS[name as PartitionerName]
        return partitioner(key, led(4), () => 0) === undefined
      })

      expect(sticking).toEqual(keys)
    },
  )

  test.each(['consistent', 'murmur2', 'fnv1a'] as const)(
    'without a key goes where one with an empty key goes, with the partitioner %s',
    (name) => {
      const ofNull = PARTITIONERS[name](null, led(1_000), Math.random)

      expect(ofNull).toBe(PARTITIONERS[name]('', led(1_000), Math.random))
    },
  )

  test('with a key goes to any partition with a leader, with the partitioner random', () => {
    const random = new SeededRandom(SEED).next
    const leaders = [1, undefined, 1]

    const drawn = Array.from({ length: 100 }, () => PARTITIONERS.random('key', leaders, random))

    expect(new Set(drawn)).toEqual(new Set([0, 2]))
  })

  test('with a key looks at one partition, however many there are, with the partitioner random', () => {
    let looks = 0
    const leaders = new Proxy(led(10_000), {
      get: (all, name) => {
        if (name !== 'length') looks += 1
        return Reflect.get(all, name) as unknown
      },
    })

    PARTITIONERS.random('key', leaders, new SeededRandom(SEED).next)

    expect(looks).toBe(1)
  })
})

describe('StickyPartition', () => {
  test('stays on the partition it drew until its linger is over, to the millisecond', () => {
    const { random } = scripted(0.25, 0.75)
    const sticky = new StickyPartition(20, random)

    const chosen = [100, 110, 119.9, 120].map((nowMs) => sticky.choose(led(4), nowMs))

    expect(chosen).toEqual([1, 1, 1, 3])
  })

  test('lingers anew from each draw, not from a raster', () => {
    const { random } = scripted(0, 0.25, 0.5)
    const sticky = new StickyPartition(20, random)

    const chosen = [0, 33, 52.9, 53].map((nowMs) => sticky.choose(led(4), nowMs))

    expect(chosen).toEqual([0, 1, 1, 2])
  })

  test('draws for each record when it is not to linger', () => {
    const { random, draws } = scripted(0, 0.25, 0.5, 0.75)
    const sticky = new StickyPartition(0, random)

    const chosen = [5, 5, 5, 5].map((nowMs) => sticky.choose(led(4), nowMs))

    expect(chosen).toEqual([0, 1, 2, 3])
    expect(draws()).toBe(4)
  })

  test('leaves a partition at once when that has no leader any more, and lingers anew', () => {
    const { random } = scripted(0, 0.9, 0)
    const sticky = new StickyPartition(20, random)
    sticky.choose(led(2), 0)

    const chosen = [5, 20, 24.9, 25].map((nowMs) => sticky.choose([undefined, 1], nowMs))
    const afterwards = sticky.choose(led(2), 45)

    expect(chosen).toEqual([1, 1, 1, 1])
    expect(afterwards).toBe(0)
  })

  test('does not go back to a partition that has its leader back', () => {
    const { random } = scripted(0, 0.9)
    const sticky = new StickyPartition(20, random)
    sticky.choose(led(2), 0)
    sticky.choose([undefined, 1], 5)

    expect(sticky.choose(led(2), 24.9)).toBe(1)
  })

  test('leaves a partition that does not exist any more', () => {
    const { random } = scripted(0.99, 0.99)
    const sticky = new StickyPartition(20, random)
    sticky.choose(led(8), 0)

    expect(sticky.choose(led(2), 1)).toBe(1)
  })

  test('draws among the partitions that have a leader only', () => {
    const sticky = new StickyPartition(0, new SeededRandom(SEED).next)
    const leaders = [undefined, 3, undefined, 0, undefined]

    const drawn = Array.from({ length: 200 }, (_, nowMs) => sticky.choose(leaders, nowMs))

    expect(new Set(drawn)).toEqual(new Set([1, 3]))
  })

  test('draws among all partitions when none has a leader', () => {
    const sticky = new StickyPartition(20, new SeededRandom(SEED).next)
    const leaders = [undefined, undefined, undefined]

    const drawn = Array.from({ length: 200 }, () => sticky.choose(leaders, 0))

    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]))
  })

  test.each([
    [0, 0],
    [1 - 2 ** -32, 3],
  ])('draws an existing partition at the edge of randomness, %d', (number, partition) => {
    const sticky = new StickyPartition(20, () => number)

    expect(sticky.choose(led(4), 0)).toBe(partition)
  })

  test(`draws every partition equally often (seed ${SEED})`, () => {
    const sticky = new StickyPartition(0, new SeededRandom(SEED).next)
    const counts = new Array<number>(4).fill(0)

    for (let nowMs = 0; nowMs < 20_000; nowMs += 1) {
      const partition = sticky.choose(led(4), nowMs)
      counts[partition] = (counts[partition] ?? 0) + 1
    }

    // 5000 each, five standard deviations of 61 either way.
    expect(Math.min(...counts)).toBeGreaterThan(4_700)
    expect(Math.max(...counts)).toBeLessThan(5_300)
  })
})

describe('the partition of a record', () => {
  // The random of the harness draws partition 2 of 4; the CRC-32 of nothing is 0.
  test.each([
    ['without a key', null, 2],
    ['with an empty key', '', 2],
    ['with an empty key of bytes', Buffer.alloc(0), 2],
    ['with a key', 'a', 3],
    ['with a key of bytes', Buffer.from('a'), 3],
    ['with a key of one zero byte', Buffer.from([0]), 1],
  ])('%s is drawn or computed as librdkafka does', async (_, key, partition) => {
    const harness = await ProducerHarness.warm()

    await harness.send(record('v', { partition: undefined, key }))
    await harness.clock.advance(100)

    expect(harness.transport.requests.map((request) => request.partition)).toEqual([partition])
  })
})
