import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import type { ByteBudget } from '../http/byte-budget.ts'
import { totalRoom } from '../settings/kafka.ts'
import type { KprfState } from '../telemetry/metrics/state-gauges.ts'
import { memoryCheck, queueCheck, type ReadinessCheck } from '../operations/readiness.ts'
import type { Producer } from '../producer/producer.ts'
import type { Availability, Transport } from '../producer/transport.ts'
import type { WriteAheadLog } from '../wal/write-ahead-log.ts'

/** The current state of a service. */
export interface ServiceReport {
  readonly bufferedRecords: number
  /** Bytes of the values of these records. */
  readonly bufferedBytes: number
  /** All memory that records hold. */
  readonly memoryBytes: number
  /** Records that failed after their client was told that they are accepted, since the start. */
  readonly lostRecords: number
  readonly isAccepting: boolean
  /** Why records cannot be delivered; `undefined` if they can. */
  readonly deliveryProblem: string | undefined
}

/** Why records cannot be delivered, by the availability of Kafka. */
const UNREADY: Record<Availability, string | undefined> = {
  up: undefined,
  unknown: 'not connected yet',
  down: 'no broker can be reached',
  leadersUnreachable: 'no broker can be reached at its advertised address',
  tlsFailed: 'TLS with the brokers fails',
  authenticationFailed: 'the brokers refuse the credentials',
  tokenMissing: 'there is no token for the brokers',
}

/** Dependencies of a {@link ServiceView}. */
export interface ServiceViewOptions {
  readonly config: Config
  readonly clock: Clock
  readonly transport: Transport
  readonly producer: Producer
  /** `undefined` without one. */
  readonly wal: Pick<WriteAheadLog, 'problem'> | undefined
  readonly bodyBudget: ByteBudget
  /** All memory that records may hold, over all processes. */
  readonly memoryMaxBytes: number
}

/** The state of a service, for metrics, for `/readyz`, and for the primary of several processes. */
export class ServiceView {
  readonly #options: ServiceViewOptions

  constructor(options: ServiceViewOptions) {
    this.#options = options
  }

  /** The state of producer and transport. */
  report(): Omit<ServiceReport, 'isAccepting' | 'lostRecords'> {
    const { producer, transport, wal } = this.#options
    return {
      bufferedRecords: producer.bufferedRecords,
      bufferedBytes: producer.bufferedBytes,
      memoryBytes: producer.memoryBytes,
      deliveryProblem: wal ? wal.problem : UNREADY[transport.availability],
    }
  }

  /** The values of the gauges. */
  metricsState(): KprfState {
    const { config, clock, transport, producer, bodyBudget, memoryMaxBytes } = this.#options
    const { oldestAdmittedMs } = producer
    return {
      isKafkaUp: transport.availability === 'up',
      metadataAgeMs: transport.metadataAgeMs,
      queueRecords: producer.bufferedRecords,
      queueBytes: producer.bufferedBytes,
      queueLimitRecords: config.kafka.queueBufferingMaxMessages || Infinity,
      queueLimitBytes: config.kafka.queueBufferingMaxKbytes * 1024,
      queueMemoryBytes: producer.memoryBytes,
      queueMemoryLimitBytes: memoryMaxBytes,
      bodyBytes: bodyBudget.heldBytes,
      bodyLimitBytes: bodyBudget.maxBytes,
      unknownTopics: producer.unknownTopics,
      queueOldestAgeMs: oldestAdmittedMs === undefined ? 0 : clock.nowMs() - oldestAdmittedMs,
    }
  }

  /** The checks of `/readyz`, in its order. @param state - reads the state of the service. */
  readinessChecks(state: () => string): ReadinessCheck[] {
    const { config, transport, producer, wal, memoryMaxBytes } = this.#options
    return [
      {
        name: 'accepting',
        check: () => (state() === 'accepting' ? undefined : `the service is ${state()}`),
      },
      // While the write-ahead log accepts pushes, a process without Kafka can be sent more.
      wal
        ? { name: 'wal', check: () => wal.problem }
        : { name: 'kafka', check: () => UNREADY[transport.availability] },
      queueCheck(totalRoom(config), () => ({
        records: producer.bufferedRecords,
        bytes: producer.bufferedBytes,
      })),
      memoryCheck(memoryMaxBytes, () => producer.memoryBytes),
    ]
  }
}
