/**
 * `enable.idempotence`: Kafka numbers the records of a producer, partition by partition, and stores a batch
 * that it has already only once (KIP-98). Here is under which identity and number a partition's next batch
 * goes.
 *
 * A number is used up when its batch is acknowledged. When a batch is given up and Kafka may have it all the
 * same, nobody knows which number is next: the partition goes on in a newer epoch, from 0, which also makes
 * Kafka refuse the lost batch should it still arrive (KIP-360).
 *
 * Kafka keeps the epoch of each partition by itself. Some brokers keep one for the producer, and refuse what another
 * partition sends in an older one. So partitions share their newest epoch, as those of the Java client do: each goes
 * over to it when its batch is acknowledged, or refused because of its number.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import { RDKAFKA } from './delivery-errors.ts'
import { backoffMs, type BackoffSettings } from './retry-policy.ts'
import type { Random } from './partitioner.ts'
import type { EosData } from './statistics/statistics-data.ts'
import { TransportError, type ProducerIdentity } from './transport.ts'

/** What a batch carries so that Kafka recognises it. */
export interface SequenceClaim extends ProducerIdentity {
  /** Number of the first record. */
  readonly sequence: number
}

/** An identity, and the newest of the epochs that its partitions are in. */
interface Identity {
  readonly producerId: bigint
  newestEpoch: number
}

/** Where one partition is. */
interface Position {
  readonly identity: Identity
  readonly epoch: number
  readonly sequence: number
}

/** What an {@link Idempotence} works with. */
export interface IdempotenceDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly initProducerId: () => Promise<ProducerIdentity>
  /** Called when claims that were turned away before may be made again. */
  readonly onAnswer: () => void
  /** Called when a partition, or all of them, took up a new identity or epoch. */
  readonly onRenewal: () => void
}

/** Kafka's epochs are 16-bit integers. */
const MAX_EPOCH = 32_767
/** Numbers run up to the largest 32-bit integer, and then from 0. */
const SEQUENCE_MASK = 0x7fff_ffff
/** Kafka will not change its mind soon on whether kprf may write. */
const REFUSAL_MS = 1_000

/** See the head of this file. */
export class Idempotence {
  readonly #settings: BackoffSettings
  readonly #dependencies: IdempotenceDependencies
  readonly #positions = new Map<string, Map<number, Position>>()
  #identity: Identity | undefined
  #identities = 0
  #state: EosData['idemp_state'] = 'Init'
  #stateSinceMs: number
  #isAsking = false
  #failures = 0
  #refusalNumber: number | undefined
  #cancelRetry: CancelTimer | undefined
  #isClosed = false

  constructor(settings: BackoffSettings, dependencies: IdempotenceDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#stateSinceMs = dependencies.clock.nowMs()
  }

  /** The identity that partitions begin with, in librdkafka's words. */
  get status(): EosData {
    return {
      idemp_state: this.#state,
      idemp_stateage: Math.round(this.#dependencies.clock.nowMs() - this.#stateSinceMs),
      producer_id: Number(this.#identity?.producerId ?? -1),
      producer_epoch: this.#identity?.newestEpoch ?? -1,
      epoch_cnt: this.#identities,
    }
  }

  /** librdkafka's number of why Kafka gives kprf no identity, for as long as that is sure. */
  get refusalNumber(): number | undefined {
    return this.#refusalNumber
  }

  /** Returns what a partition's next batch is sent under; `undefined` while there is no identity yet. */
  claim(topic: string, partition: number): SequenceClaim | undefined {
    const position = this.#position(topic, partition)
    if (position) {
      const { identity, epoch, sequence } = position
      return { producerId: identity.producerId, epoch, sequence }
    }
    if (!this.#cancelRetry) void this.#ask()
    return undefined
  }

  /** A batch of so many records was acknowledged. */
  advance(topic: string, partition: number, records: number): void {
    const position = this.#position(topic, partition)
    if (!position) return
    const { identity, epoch } = position
    if (epoch < identity.newestEpoch) this.#note(topic, partition, beginning(identity))
    else {
      const sequence = (position.sequence + records) & SEQUENCE_MASK
      this.#note(topic, partition, { identity, epoch, sequence })
    }
  }

  /** Nobody knows any more which number Kafka expects: the partition begins anew. */
  renew(topic: string, partition: number): void {
    const position = this.#position(topic, partition)
    if (!position) return
    const { identity, epoch } = position
    if (epoch === identity.newestEpoch) identity.newestEpoch += 1
    if (identity.newestEpoch <= MAX_EPOCH) this.#note(topic, partition, beginning(identity))
    else {
      identity.newestEpoch = MAX_EPOCH
      this.#positions.get(topic)?.delete(partition)
      this.#dropIdentity()
    }
    this.#dependencies.onRenewal()
  }

  /**
   * Forgets a topic that is not used any more. Whatever is sent to it later needs an identity that it has
   * not seen yet, lest Kafka takes new records for old ones.
   */
  forget(topic: string): void {
    if (this.#positions.delete(topic)) this.#dropIdentity()
  }

  /** Asks without waiting any longer: to be called when Kafka is reachable. */
  retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (!this.#identity) void this.#ask()
  }

  /** Stops asking. */
  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
  }

  /** Where a partition is; one that is new begins with the identity, if there is one. */
  #position(topic: string, partition: number): Position | undefined {
    const position = this.#positions.get(topic)?.get(partition)
    if (position || !this.#identity) return position
    return this.#note(topic, partition, beginning(this.#identity))
  }

  #note(topic: string, partition: number, position: Position): Position {
    let partitions = this.#positions.get(topic)
    if (!partitions) {
      partitions = new Map()
      this.#positions.set(topic, partitions)
    }
    partitions.set(partition, position)
    return position
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#isClosed) return
    this.#isAsking = true
    this.#enter('RequestPID')
    try {
      this.#accept(await this.#dependencies.initProducerId())
    } catch (error) {
      this.#waitAfter(error)
    } finally {
      this.#isAsking = false
    }
  }

  #accept({ producerId, epoch }: ProducerIdentity): void {
    this.#identity = { producerId, newestEpoch: epoch }
    this.#identities += 1
    this.#enter('Assigned')
    this.#failures = 0
    this.#refusalNumber = undefined
    if (!this.#isClosed) this.#dependencies.onAnswer()
  }

  #dropIdentity(): void {
    this.#identity = undefined
    this.#enter('RequestPID')
  }

  #enter(state: EosData['idemp_state']): void {
    if (state === this.#state) return
    this.#state = state
    this.#stateSinceMs = this.#dependencies.clock.nowMs()
  }

  /** The transport has said in the log what went wrong. */
  #waitAfter(error: unknown): void {
    const { clock, random, onAnswer } = this.#dependencies
    const number = error instanceof TransportError ? error.errorNumber : undefined
    const isRefused = number === RDKAFKA.clusterAuthorizationFailed
    this.#failures += 1
    const delayMs = isRefused ? REFUSAL_MS : backoffMs(this.#failures, this.#settings, random)
    this.#refusalNumber = isRefused ? number : undefined
    if (this.#isClosed) return
    this.#cancelRetry = clock.schedule(delayMs, () => {
      this.#cancelRetry = undefined
      void this.#ask()
    })
    if (isRefused) onAnswer()
  }
}

/** From where a partition goes on in the newest epoch. */
function beginning(identity: Identity): Position {
  return { identity, epoch: identity.newestEpoch, sequence: 0 }
}
