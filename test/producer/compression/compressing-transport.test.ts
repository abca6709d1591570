import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBatchHeader, refuseBatch } from '@kprf/embedded-broker/testing'
import { COMPRESSION_CODECS } from '../../../src/base/kafka-names.ts'
import { compressorOf } from '../../../src/producer/compression/codec.ts'
import type { Compressor } from '../../../src/producer/compression/compressor.ts'
import {
  CompressingTransport,
  withCompression,
  type CompressionDependencies,
} from '../../../src/producer/compression/compressing-transport.ts'
import type { EncodedBatch, ProduceRequest } from '../../../src/producer/transport.ts'
import type { ProducerRecord } from '../../../src/producer/types.ts'
import { encodedBatch } from '../../support/batches.ts'
import { codecOf, decodeBatch, whole } from '../../support/decode-batch.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { FakeTransport } from '../../support/fake-transport.ts'
import { record } from '../../support/producer-harness.ts'
import { RecordingEvents } from '../../support/recording-events.ts'
import { anyText, runs } from '../../support/random-runs.ts'

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const LIMITS = {
  ...{ maxMessageBytes: Infinity, maxTimestampMs: Infinity, produceVersion: 7 },
  ...{ partition: 't-0', isCompacted: false },
}

/** Records that become smaller: `count` of them with `valueBytes` each. */
function records(count: number, valueBytes: number): ProducerRecord[] {
  return Array.from({ length: count }, (_, index) =>
    record(`${index} `.repeat(valueBytes).slice(0, valueBytes), { key: `key ${index}` }),
  )
}

function requestOf(...batches: readonly EncodedBatch[]): ProduceRequest {
  return { leader: 1, batches, requiredAcks: -1, ackTimeoutMs: 30_000, requestTimeoutMs: 1_000 }
}

function dependencies(): CompressionDependencies {
  return {
    ...{ clock: new FakeClock(), log: () => undefined },
    events: new RecordingEvents(),
  }
}

interface HeldCompression {
  readonly finish: () => void
  readonly fail: (error: Error) => void
}

/** A compressing transport on a fake one, with what it logged. */
class Harness {
  readonly clock = new FakeClock()
  readonly inner = new FakeTransport({ t: 8 })
  readonly events = new RecordingEvents()
  readonly warnings: unknown[] = []
  /** What is being compressed, in the order in which it was begun, until the test says how it ends. */
  readonly held: HeldCompression[] = []
  readonly transport: CompressingTransport

  constructor(compress?: Compressor) {
    this.transport = new CompressingTransport(this.inner, {
      clock: this.clock,
      events: this.events,
      log: (_, message, fields) => this.warnings.push([message, fields]),
      codec: 'zstd',
      compress:
        compress ??
        ((pieces) => {
          const compressed = zstdCompressSync(Buffer.concat(pieces))
          const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
          const finish = (): void => {
            resolve(compressed)
          }
          this.held.push({ finish, fail: reject })
          return promise
        }),
    })
  }

  /** The batches that reached the other transport. */
  get sent(): readonly EncodedBatch[] {
    return this.inner.calls.flatMap(({ batches }) => batches)
  }
}

describe('withCompression', () => {
  it('leaves a transport as it is where nothing is to be compressed', () => {
    const inner = new FakeTransport()

    const transport = withCompression(
      inner,
      { compressionCodec: 'none', compressionLevel: 9 },
      dependencies(),
    )

    expect(transport).toBe(inner)
  })

  it.each(codecs)('has %s batches sent that Kafka takes, with the same records', async (codec) => {
    const inner = new FakeTransport({ t: 1 })
    const transport = withCompression(
      inner,
      { compressionCodec: codec, compressionLevel: -1 },
      dependencies(),
    )
    const batches = [records(3, 40), records(1, 1_000_000), records(2_000, 400)].map((each) =>
      encodedBatch(each),
    )

    for (const batch of batches) await transport.produce(requestOf(batch)).outcomes

    const sent = inner.calls.flatMap((call) => call.batches)
    expect(batches.map(({ pieces }) => pieces.length)).toEqual([1, 1, 6])
    for (const [index, { pieces, sizeBytes }] of sent.entries()) {
      const { pieces: plain = [], sizeBytes: plainBytes = 0 } = batches[index] ?? {}
      expect(refuseBatch(whole(pieces), LIMITS)).toBeUndefined()
      expect(codecOf(pieces)).toBe(COMPRESSION_CODECS.indexOf(codec))
      expect(sizeBytes).toBe(whole(pieces).length)
      expect(sizeBytes).toBeLessThan(plainBytes)
      expect(decodeBatch(pieces)).toEqual(decodeBatch(plain))
    }
  })
})

// Vitest compares two buffers of a megabyte index by index.
expect.addEqualityTesters([
  (a: unknown, b: unknown) => (Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : undefined),
])

const anyRecord: fc.Arbitrary<ProducerRecord> = fc.record({
  topic: fc.constant('t'),
  partition: fc.constant(0),
  key: fc.option(anyText()),
  value: fc.option(
    fc.oneof(
      anyText({ maxLength: 300 }),
      fc.nat({ max: 40_000 }).map((length) => 'same again '.repeat(length / 11)),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    ),
  ),
  headers: fc.array(fc.record({ key: fc.string(), value: fc.string() }), { maxLength: 3 }),
  timestampMs: fc.constant(undefined),
})

describe('a compressed batch', () => {
  it('holds the records of every batch, and is never larger', async () => {
    const compressors = await Promise.all(
      codecs.map(async (codec) => {
        const compress = compressorOf(codec, -1)
        await compress([Buffer.from('loads what there is to load')])
        return { codec, compress }
      }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(...compressors),
        async (content, options) => {
          const inner = new FakeTransport({ t: 1 })
          const batch = encodedBatch(content)
          const transport = new CompressingTransport(inner, {
            ...dependencies(),
            ...options,
          })

          await transport.produce(requestOf(batch)).outcomes

          const [sent = batch] = inner.calls.flatMap((call) => call.batches)
          expect(refuseBatch(whole(sent.pieces), LIMITS)).toBeUndefined()
          expect(decodeBatch(sent.pieces)).toEqual(decodeBatch(batch.pieces))
          expect(sent.sizeBytes).toBe(whole(sent.pieces).length)
          expect(sent.sizeBytes).toBeLessThanOrEqual(batch.sizeBytes)
          expect(codecOf(sent.pieces) === 0).toBe(sent === batch)
        },
      ),
      { numRuns: runs(100) },
    )
  })

  it('keeps all of its header but length, codec and checksum', async () => {
    const harness = new Harness((pieces) => zstdCompressSync(Buffer.concat(pieces)))
    const claim = { producerId: 7_000_000_000n, epoch: 3, sequence: 2_000_000_000 }
    const batch = encodedBatch(records(20, 100), { claim })
    const { sizeBytes, attributes, ...kept } = readBatchHeader(whole(batch.pieces))

    await harness.transport.produce(requestOf(batch)).outcomes

    const [sent] = harness.sent
    const header = readBatchHeader(whole(sent?.pieces ?? []))
    expect(kept).toMatchObject({ producerId: 7_000_000_000n, producerEpoch: 3, recordCount: 20 })
    expect(header).toEqual({ ...kept, sizeBytes: sent?.sizeBytes, attributes: attributes | 4 })
    expect(header.sizeBytes).toBeLessThan(sizeBytes)
    expect(harness.events.compressions).toEqual([[sizeBytes, header.sizeBytes]])
  })

  it('is made without a change to the batch that it is made from', async () => {
    const harness = new Harness((pieces) => zstdCompressSync(Buffer.concat(pieces)))
    const batch = encodedBatch(records(20, 100))
    const before = whole(batch.pieces)

    await harness.transport.produce(requestOf(batch)).outcomes

    expect(whole(batch.pieces)).toEqual(before)
  })
})

describe('a batch goes as it is', () => {
  const small = encodedBatch([record(null, { key: 'tombstone' })])
  const batch = encodedBatch(records(20, 100))
  const broken = new Error('out of order')

  it('when it does not become smaller', async () => {
    const harness = new Harness((pieces) => zstdCompressSync(Buffer.concat(pieces)))

    await harness.transport.produce(requestOf(small)).outcomes

    expect(harness.sent).toEqual([small])
    expect(harness.warnings).toEqual([])
    expect(harness.events.compressions).toEqual([[small.sizeBytes, small.sizeBytes]])
  })

  it('when it stays as large as it is', async () => {
    const harness = new Harness((pieces) => Buffer.concat(pieces))

    await harness.transport.produce(requestOf(batch)).outcomes

    expect(harness.sent).toEqual([batch])
  })

  it.each<[string, Compressor]>([
    [
      'at once',
      () => {
        throw broken
      },
    ],
    ['later', () => Promise.reject(broken)],
  ])('when it cannot be compressed, which is logged (%s)', async (_, compress) => {
    const harness = new Harness(compress)

    const { outcomes } = harness.transport.produce(requestOf(batch))

    expect(await outcomes).toMatchObject([{ status: 'acknowledged' }])
    expect(harness.sent).toEqual([batch])
    expect(harness.warnings).toEqual([
      [
        'cannot compress a batch; sending it uncompressed',
        { codec: 'zstd', topic: 't', reason: 'out of order' },
      ],
    ])
  })
})

describe('a request', () => {
  const batches = [0, 1, 2].map((partition) => encodedBatch(records(20, 100), { partition }))

  it('compresses its batches at the same time and sends them together, in their order', async () => {
    const harness = new Harness()

    const { outcomes } = harness.transport.produce(requestOf(...batches))
    const begun = harness.held.length
    for (const compression of harness.held.toReversed()) compression.finish()
    await outcomes

    expect(begun).toBe(3)
    expect(harness.inner.calls).toHaveLength(1)
    expect(harness.sent.map(({ partition, pieces }) => [partition, codecOf(pieces)])).toEqual([
      [0, 4],
      [1, 4],
      [2, 4],
    ])
  })

  it('of which one batch cannot be compressed sends the others compressed', async () => {
    const harness = new Harness()

    const { outcomes } = harness.transport.produce(requestOf(...batches))
    harness.held[1]?.fail(new Error('out of order'))
    for (const { finish } of harness.held) finish()

    expect(await outcomes).toHaveLength(3)
    expect(harness.sent.map(({ pieces }) => codecOf(pieces))).toEqual([4, 0, 4])
  })

  it('goes on with all that it was, and with the time that is left', async () => {
    const harness = new Harness()
    const request = requestOf(...batches)

    harness.transport.produce(request)
    await harness.clock.advance(300)
    for (const { finish } of harness.held) finish()
    await settle()

    const { batches: sent, ...rest } = harness.inner.calls[0] ?? { batches: [] }
    const { batches: plain, ...expected } = request
    expect(sent).toHaveLength(plain.length)
    expect(rest).toEqual({ ...expected, requestTimeoutMs: 700 })
    expect(harness.clock.timers).toBe(0)
  })

  it("that is compressed at once is the other transport's from the start", () => {
    const harness = new Harness((pieces) => zstdCompressSync(Buffer.concat(pieces)))

    const attempt = harness.transport.produce(requestOf(...batches))

    expect(attempt.wasSent).toBe(true)
    expect(harness.inner.calls).toHaveLength(1)
    expect(harness.clock.timers).toBe(0)
  })
})

describe('an attempt whose batches are being compressed', () => {
  const batch = encodedBatch(records(20, 100))
  const unsent = { status: 'failed', errorNumber: -166, wasSent: false }

  it('was not sent before its batches are compressed, and then as the other transport says', async () => {
    const harness = new Harness()
    harness.inner.script.push('hold')

    const attempt = harness.transport.produce(requestOf(batch))
    const before = attempt.wasSent
    harness.held[0]?.finish()
    await settle()

    expect(before).toBe(false)
    expect(attempt.wasSent).toBe(true)
    harness.inner.acknowledgeHeld()
    expect(await attempt.outcomes).toMatchObject([{ status: 'acknowledged', baseOffset: 0n }])
  })

  it('is never sent when it is abandoned', async () => {
    const harness = new Harness()

    const attempt = harness.transport.produce(requestOf(batch))
    attempt.abandon()
    const outcomes = await attempt.outcomes
    harness.held[0]?.finish()
    await settle()

    expect(outcomes).toMatchObject([{ ...unsent, reason: 'the records expired' }])
    expect(attempt.wasSent).toBe(false)
    expect(harness.inner.calls).toEqual([])
    expect(harness.clock.timers).toBe(0)
  })

  it('is never sent when compression takes longer than the request may', async () => {
    const harness = new Harness()

    const attempt = harness.transport.produce(requestOf(batch))
    await harness.clock.advance(1_000)
    const outcomes = await attempt.outcomes
    harness.held[0]?.finish()
    await settle()

    expect(outcomes).toMatchObject([{ ...unsent, reason: 'not compressed within 1000 ms' }])
    expect(harness.inner.calls).toEqual([])
  })

  it('is never sent when compression ends after the time of its request, before the timer fires', async () => {
    const harness = new Harness()
    let nowMs = 0
    harness.clock.nowMs = () => nowMs

    const attempt = harness.transport.produce(requestOf(batch))
    nowMs = 1_000
    harness.held[0]?.finish()
    const outcomes = await attempt.outcomes

    expect(outcomes).toMatchObject([{ ...unsent, reason: 'compressed too late' }])
    expect(harness.inner.calls).toEqual([])
    expect(harness.clock.timers).toBe(0)
  })

  it('is never sent when compression fails after it was abandoned', async () => {
    const harness = new Harness()

    const attempt = harness.transport.produce(requestOf(batch))
    attempt.abandon()
    harness.held[0]?.fail(new Error('out of order'))
    await settle()

    expect(await attempt.outcomes).toMatchObject([unsent])
    expect(harness.inner.calls).toEqual([])
  })

  it('is given up when the transport is closed', async () => {
    const harness = new Harness()

    const attempt = harness.transport.produce(requestOf(batch))
    await harness.transport.close()
    harness.held[0]?.finish()
    await settle()

    expect(await attempt.outcomes).toMatchObject([unsent])
    expect(harness.inner.calls).toEqual([])
    expect(harness.inner.isClosed).toBe(true)
    expect(harness.clock.timers).toBe(0)
  })

  it("is the other transport's to abandon, and to close, once they are compressed", async () => {
    const harness = new Harness()
    harness.inner.script.push('hold')

    let isOver = false
    const attempt = harness.transport.produce(requestOf(batch))
    void attempt.outcomes.then(() => (isOver = true))
    harness.held[0]?.finish()
    await settle()
    await harness.transport.close()
    await settle()
    const isOverAfterClose = isOver
    attempt.abandon()

    expect(isOverAfterClose).toBe(false)
    expect(await attempt.outcomes).toMatchObject([{ ...unsent, reason: 'given up' }])
  })
})

describe('everything else', () => {
  it("is the other transport's to answer", async () => {
    const { transport, inner } = new Harness()
    const heard: string[] = []
    inner.metadataAgeMs = 42

    transport.start({
      onAvailable: () => heard.push('available'),
      onStalled: (topic) => heard.push(topic),
    })
    inner.comeBack()
    inner.stall('t')

    expect(heard).toEqual(['available', 't'])
    expect(transport.availability).toBe('up')
    expect(transport.metadataAgeMs).toBe(42)
    expect(await transport.fetchMetadata(['t'])).toEqual(await inner.fetchMetadata(['t']))
    expect(await transport.initProducerId()).toEqual({ producerId: 1n, epoch: 0 })
  })
})
