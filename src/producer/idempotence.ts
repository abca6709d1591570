import type { CancelTimer, Clock } from '../base/clock.ts'
import { RDKAFKA } from './delivery-errors.ts'
import { backoffMs, type BackoffSettings } from './retry-policy.ts'
import type { Random } from './partitioner.ts'
import type { EosData } from './statistics/statistics-data.ts'
import { TransportError, type ProducerIdentity } from './transport.ts'

/** The identity and number by which Kafka recognises a batch. */
export interface SequenceClaim extends ProducerIdentity {
  /** Number of the first record. */
  readonly sequence: number
}

/** An identity, and the newest epoch of its partitions. */
interface Identity {
  readonly producerId: bigint
  newestEpoch: number
}

/** The identity, epoch and next number of one partition. */
interface Position {
  readonly identity: Identity
  readonly epoch: number
  readonly sequence: number
}

/** Dependencies of {@link Idempotence}. */
export interface IdempotenceDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly initProducerId: () => Promise<ProducerIdentity>
  /** Called when refused claims may be made again. */
  readonly onAnswer: () => void
  /** Called when a partition, or all of them, got a new identity or epoch. */
  readonly onRenewal: () => void
}

/** Kafka's epochs are 16-bit integers. */
const MAX_EPOCH = 32_767
/** Numbers wrap to 0 after the largest 32-bit integer. */
const SEQUENCE_MASK = 0x7fff_ffff
/** Time before kprf asks again after Kafka refused an identity: permissions rarely change sooner. */
const REFUSAL_MS = 1_000

/**
 * Manages `enable.idempotence`: Kafka numbers the records of a producer per partition, and stores a batch that it
 * already has only once (KIP-98). This class assigns the identity and number of each partition's next batch.
 *
 * A number is used up when its batch is acknowledged. If a batch is given up and Kafka may have it, the next number
 * is unknown: the partition continues in a newer epoch, from 0, so that Kafka also refuses the lost batch if it
 * arrives later (KIP-360).
 *
 * Kafka keeps the epoch per partition. Some brokers keep one per producer, and refuse what another partition sends
 * in an older epoch. So partitions share their newest epoch, as in the Java client: each switches to it when its
 * batch is acknowledged, or refused because of its number.
 */
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

  /** The identity that new partitions get, in the terms of librdkafka's statistics. */
  get status(): EosData {
    return {
      idemp_state: this.#state,
      idemp_stateage: Math.round(this.#dependencies.clock.nowMs() - this.#stateSinceMs),
      producer_id: Number(this.#identity?.producerId ?? -1),
      producer_epoch: this.#identity?.newestEpoch ?? -1,
      epoch_cnt: this.#identities,
    }
  }

  /** librdkafka's error number if Kafka refuses to give kprf an identity; `undefined` otherwise. */
  get refusalNumber(): number | undefined {
    return this.#refusalNumber
  }

  /** Returns the claim of a partition's next batch; `undefined` while there is no identity. */
  claim(topic: string, partition: number): SequenceClaim | undefined {
    const position = this.#position(topic, partition)
    if (position) {
      const { identity, epoch, sequence } = position
      return { producerId: identity.producerId, epoch, sequence }
    }
    if (!this.#cancelRetry) void this.#ask()
    return undefined
  }

  /** A batch of `records` records was acknowledged. */
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

  /** The number that Kafka expects is unknown: the partition starts a new epoch. */
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
   * Forgets an unused topic. Later records for it need a new identity, otherwise Kafka could treat new records as
   * duplicates of old ones.
   */
  forget(topic: string): void {
    if (this.#positions.delete(topic)) this.#dropIdentity()
  }

  /** Asks at once. To be called when Kafka is reachable. */
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

  /** Returns the position of a partition. A new partition starts with the current identity, if there is one. */
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

  /** Schedules the next attempt. The transport has logged the error. */
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

/** Returns the first position in the newest epoch. */
function beginning(identity: Identity): Position {
  return { identity, epoch: identity.newestEpoch, sequence: 0 }
}
