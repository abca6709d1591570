/**
 * The state of idempotent producers in a partition: their epoch and the sequence numbers of their latest batches,
 * so that a batch sent twice is stored once.
 */
import { ErrorCode } from './protocol/error-code.ts'
import type { BatchHeader } from './record-batch.ts'

/** Batches remembered per producer: as many as a client may have in flight. */
const REMEMBERED_BATCHES = 5

/** Producers remembered per partition; the least recent one is forgotten first. */
const MAX_PRODUCERS = 1_000

/** Sequence numbers run up to the largest int32 and then start again at 0. */
const SEQUENCE_COUNT = 2 ** 31

interface SeenBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: bigint
}

interface Producer {
  readonly epoch: number
  /** Oldest first; never empty. */
  readonly batches: readonly SeenBatch[]
}

/** What to do with a batch. */
export type SequenceVerdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'duplicate'; readonly baseOffset: bigint }
  | { readonly kind: 'refuse'; readonly errorCode: number; readonly message: string }

const APPEND: SequenceVerdict = { kind: 'append' }

/** The idempotent producers of one partition. */
export class ProducerStates {
  readonly #producers = new Map<bigint, Producer>()
  readonly #epochs: Map<bigint, number> | undefined

  /** @param epochs - the newest epoch of each producer in any partition, where no partition takes an older one. */
  constructor(epochs?: Map<bigint, number>) {
    this.#epochs = epochs
  }

  /** Judges a batch before it is appended. */
  judge(header: BatchHeader): SequenceVerdict {
    const { producerId, producerEpoch, baseSequence } = header
    if (producerId < 0n) return APPEND
    const newestEpoch = this.#epochs?.get(producerId) ?? producerEpoch
    if (producerEpoch < newestEpoch) return fenced(producerEpoch, newestEpoch)
    this.#epochs?.set(producerId, producerEpoch)
    const producer = this.#producers.get(producerId)
    if (!producer) return APPEND
    if (producerEpoch < producer.epoch) return fenced(producerEpoch, producer.epoch)
    if (producerEpoch > producer.epoch) {
      return baseSequence === 0 ? APPEND : outOfOrder(baseSequence, 0)
    }
    const lastSequence = lastSequenceOf(header)
    const duplicate = producer.batches.find(
      (batch) => batch.firstSequence === baseSequence && batch.lastSequence === lastSequence,
    )
    if (duplicate) return { kind: 'duplicate', baseOffset: duplicate.baseOffset }
    const expected = ((producer.batches.at(-1)?.lastSequence ?? -1) + 1) % SEQUENCE_COUNT
    return baseSequence === expected ? APPEND : outOfOrder(baseSequence, expected)
  }

  /** Notes a batch that was appended. */
  appended(header: BatchHeader, baseOffset: bigint): void {
    const { producerId, producerEpoch, baseSequence } = header
    if (producerId < 0n) return
    const former = this.#producers.get(producerId)
    const batches = former?.epoch === producerEpoch ? former.batches : []
    const batch = { firstSequence: baseSequence, lastSequence: lastSequenceOf(header), baseOffset }
    // A map keeps insertion order: after deletion and insertion the producer is the newest.
    this.#producers.delete(producerId)
    this.#producers.set(producerId, {
      epoch: producerEpoch,
      batches: [...batches, batch].slice(-REMEMBERED_BATCHES),
    })
    if (this.#producers.size > MAX_PRODUCERS) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const producerId of this.#producers.keys()) {
      this.#producers.delete(producerId)
      return
    }
  }
}

function lastSequenceOf({ baseSequence, lastOffsetDelta }: BatchHeader): number {
  return (baseSequence + lastOffsetDelta) % SEQUENCE_COUNT
}

function outOfOrder(sequence: number, expected: number): SequenceVerdict {
  return {
    kind: 'refuse',
    errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    message: `sequence ${sequence} received, ${expected} expected`,
  }
}

function fenced(epoch: number, current: number): SequenceVerdict {
  return {
    kind: 'refuse',
    errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
    message: `producer epoch ${epoch} is older than ${current}`,
  }
}
