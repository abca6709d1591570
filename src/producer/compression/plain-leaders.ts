import type { Clock } from '../../base/clock.ts'
import type { CompressionCodec } from '../../base/kafka-names.ts'
import { RDKAFKA } from '../delivery-errors.ts'
import type { EncodedBatch, ProduceAttempt, ProduceOutcome, ProduceRequest } from '../transport.ts'

/** Time after which a broker is given compressed batches again, ms: it may have been upgraded. */
const PLAIN_MS = 3_600_000

/** What to do about it. */
const HINTS: Partial<Record<CompressionCodec, string>> = {
  gzip: 'leave compression.codec out',
  zstd: 'zstd needs Kafka 2.1 or later: upgrade the brokers, or set compression.codec to lz4, snappy or gzip',
}
const OTHERWISE = 'set compression.codec to one that the brokers read; most read gzip'

/** Dependencies of {@link PlainLeaders}. */
export interface PlainLeadersDependencies {
  readonly clock: Clock
  readonly codec: CompressionCodec
  readonly log: (level: 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
}

/**
 * Remembers the brokers that do not read the codec, so that their batches are sent uncompressed, as in librdkafka. A
 * broker shows it by the versions that it supports, before anything is sent, or by error 76, with which it stores
 * nothing. In both cases the batch is reported as not sent, and so it is sent again.
 */
export class PlainLeaders {
  readonly #dependencies: PlainLeadersDependencies
  /** Until when each is sent uncompressed batches, by node id. */
  readonly #untilMs = new Map<number, number>()

  constructor(dependencies: PlainLeadersDependencies) {
    this.#dependencies = dependencies
  }

  /** Whether a broker is to be sent uncompressed batches. */
  has(leader: number): boolean {
    const untilMs = this.#untilMs.get(leader)
    return untilMs !== undefined && untilMs > this.#dependencies.clock.nowMs()
  }

  /** Learns from the outcomes of a request with compressed batches. */
  observe(attempt: ProduceAttempt, { leader, batches }: ProduceRequest): ProduceAttempt {
    const outcomes = attempt.outcomes.then((all) =>
      all.map((outcome, index) =>
        isUnread(batches[index], outcome) ? this.#unread(leader, outcome) : outcome,
      ),
    )
    return {
      outcomes,
      get wasSent() {
        return attempt.wasSent
      },
      abandon: () => {
        attempt.abandon()
      },
    }
  }

  #unread(
    leader: number,
    { errorNumber }: ProduceOutcome & { status: 'refused' | 'failed' },
  ): ProduceOutcome {
    const { clock, codec, log } = this.#dependencies
    const reason = `broker ${leader} does not read ${codec}`
    if (!this.#untilMs.has(leader)) {
      log(
        'warn',
        'a broker does not read the configured compression; its batches are sent uncompressed',
        {
          ...{ broker: leader, codec },
          check: HINTS[codec] ?? OTHERWISE,
        },
      )
    }
    this.#untilMs.set(leader, clock.nowMs() + PLAIN_MS)
    return { status: 'failed', errorNumber, wasSent: false, reason }
  }
}

function isUnread(
  batch: EncodedBatch | undefined,
  outcome: ProduceOutcome,
): outcome is ProduceOutcome & { status: 'refused' | 'failed' } {
  return (
    batch?.codec !== undefined &&
    outcome.status !== 'acknowledged' &&
    outcome.errorNumber === RDKAFKA.unsupportedCompressionType
  )
}
