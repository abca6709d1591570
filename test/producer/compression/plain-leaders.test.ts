import { describe, expect, it } from 'vitest'
import type { CompressionCodec } from '../../../src/base/kafka-names.ts'
import { compressorOf } from '../../../src/producer/compression/codec.ts'
import type { Compressor } from '../../../src/producer/compression/compressor.ts'
import { CompressingTransport } from '../../../src/producer/compression/compressing-transport.ts'
import type { EncodedBatch, ProduceOutcome } from '../../../src/producer/transport.ts'
import { encodedBatch } from '../../support/batches.ts'
import { atOnce, compressedWith, later } from '../../support/compression.ts'
import { codecOf } from '../../support/decode-batch.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTransport } from '../../support/fake-transport.ts'
import { ProducerHarness, record } from '../../support/producer-harness.ts'
import { NO_EVENTS } from '../../support/recording-events.ts'

const HOUR_MS = 3_600_000
const UNSUPPORTED = 76

/** What a broker that cannot read the codec makes of a request. */
const UNREAD = [
  [
    'says so by its versions',
    { status: 'failed', errorNumber: UNSUPPORTED, wasSent: false, reason: 'unread' },
  ],
  ['refuses it', { status: 'refused', errorNumber: UNSUPPORTED }],
] as const satisfies [string, ProduceOutcome][]

const compressible = 'again '.repeat(50)
const large = encodedBatch([record(compressible)])
const small = encodedBatch([record('a')], { partition: 1 })

class Harness {
  readonly clock = new FakeClock()
  readonly inner = new FakeTransport({ t: 2 })
  readonly lines: object[] = []
  readonly transport: CompressingTransport

  constructor(compress: Compressor = atOnce, codec: CompressionCodec = 'zstd') {
    this.transport = new CompressingTransport(this.inner, {
      ...{ clock: this.clock, events: NO_EVENTS, compress, codec },
      log: (level, message, fields) => this.lines.push({ level, message, ...fields }),
    })
  }

  async send(
    leader: number,
    ...batches: readonly EncodedBatch[]
  ): Promise<readonly ProduceOutcome[]> {
    const limits = { requiredAcks: -1, ackTimeoutMs: 1_000, requestTimeoutMs: 1_000 }
    return await this.transport.produce({ leader, batches, ...limits }).outcomes
  }

  /** The codecs of all batches that the broker was sent. */
  get codecs(): readonly number[] {
    return this.inner.calls.flatMap(({ batches }) => batches.map(({ pieces }) => codecOf(pieces)))
  }
}

describe.each(UNREAD)('a broker that cannot read the codec and %s', (_, outcome) => {
  it.each([atOnce, later])('is sent uncompressed batches from then on', async (compress) => {
    const harness = new Harness(compress)
    harness.inner.script.push(outcome)

    const first = await harness.send(1, large)
    const second = await harness.send(1, large)

    expect(first).toEqual([
      {
        ...{ status: 'failed', errorNumber: UNSUPPORTED, wasSent: false },
        reason: 'broker 1 does not read zstd',
      },
    ])
    expect(second).toMatchObject([{ status: 'acknowledged' }])
    expect(harness.codecs).toEqual([4, 0])
  })

  it('is named in the log once, with what to do', async () => {
    const harness = new Harness()
    harness.inner.script.push(outcome, outcome)

    await Promise.all([harness.send(1, large), harness.send(1, large)])
    await harness.send(1, large)

    expect(harness.lines).toEqual([
      {
        level: 'warn',
        message:
          'a broker does not read the configured compression; its batches are sent uncompressed',
        ...{ broker: 1, codec: 'zstd' },
        check:
          'zstd needs Kafka 2.1 or later: upgrade the brokers, or set compression.codec to lz4, snappy or gzip',
      },
    ])
  })

  it('does not change what other brokers are sent', async () => {
    const harness = new Harness()
    harness.inner.script.push(outcome)

    await harness.send(1, large)
    await harness.send(2, large)

    expect(harness.codecs).toEqual([4, 4])
  })

  it('is tried again after an hour, and not named again', async () => {
    const harness = new Harness()
    harness.inner.script.push(outcome)
    await harness.send(1, large)
    await harness.clock.advance(HOUR_MS)
    harness.inner.script.push(outcome)
    await harness.send(1, large)
    await harness.send(1, large)

    expect(harness.codecs).toEqual([4, 4, 0])
    expect(harness.lines).toHaveLength(1)
  })

  it('fails none of the records: they are sent again', async () => {
    const harness = await ProducerHarness.warm(
      { lingerMs: 0, retries: 0 },
      { t: 1 },
      compressedWith(atOnce),
    )
    harness.transport.script.push(outcome)

    await harness.send(record(compressible))
    await harness.clock.advance(1_000)

    expect(harness.reports).toMatchObject([{ status: 'persisted' }])
    expect(harness.transport.requests.map(({ recordBatch }) => codecOf(recordBatch))).toEqual([
      4, 0,
    ])
  })
})

describe('error 76', () => {
  it('stays a refusal of a batch that was not compressed', async () => {
    const harness = new Harness()
    const refused = { status: 'refused', errorNumber: UNSUPPORTED } as const
    harness.inner.script.push(refused, refused)

    expect(await harness.send(1, small)).toEqual([refused])
    expect(harness.lines).toEqual([])
  })

  it.each([
    ['lz4', 'set compression.codec to one that the brokers read; most read gzip'],
    ['gzip', 'leave compression.codec out'],
  ] as const)('says what to do in place of %s', async (codec, check) => {
    const harness = new Harness(compressorOf(codec, -1), codec)
    harness.inner.script.push({ status: 'refused', errorNumber: UNSUPPORTED })

    await harness.send(1, large)

    expect(harness.lines).toMatchObject([{ codec, check }])
  })

  it('is about its batch alone: others of the request keep their outcome', async () => {
    const harness = new Harness()
    harness.inner.script.push({ status: 'refused', errorNumber: UNSUPPORTED })

    expect(await harness.send(1, large, small)).toMatchObject([
      { status: 'failed', wasSent: false },
      { status: 'acknowledged' },
    ])
  })
})

describe('an attempt with compressed batches', () => {
  it('is abandoned and was sent as the other transport says', async () => {
    const harness = new Harness()
    harness.inner.script.push('hold')
    const limits = { requiredAcks: -1, ackTimeoutMs: 1_000, requestTimeoutMs: 1_000 }

    const attempt = harness.transport.produce({ leader: 1, batches: [large], ...limits })
    expect(attempt.wasSent).toBe(true)
    attempt.abandon()

    expect(await attempt.outcomes).toMatchObject([{ reason: 'given up' }])
  })
})
