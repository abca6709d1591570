/**
 * The events of the producer and its connections, as one stream for metrics, the log and the statistics. There is
 * no event per record, only per batch, request or rarer occurrence.
 */
import type { ConnectionEnd } from '../base/connection-end.ts'
import type { Batch } from './batch.ts'
import type { Records } from './record-columns.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { BrokerAddress } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** Records that failed for the same reason. */
export interface DeliveryFailure {
  readonly topic: string
  /** `undefined` if no partition was assigned. */
  readonly partition: number | undefined
  readonly status: 'notPersisted' | 'possiblyPersisted'
  readonly error: DeliveryError
}

/** A batch that failed once and will be sent again. */
export interface BatchRetry {
  readonly topic: string
  readonly partition: number
  readonly recordCount: number
  /** Whether Kafka may already have the records, so that they may be stored twice. */
  readonly mayBePersisted: boolean
  /** librdkafka's number of the error. */
  readonly errorNumber: number
  readonly reason: string
  readonly backoffMs: number
}

/** Events of records. */
export type RecordEvent =
  /** Records of one batch were acknowledged. */
  | {
      readonly kind: 'recordsDelivered'
      readonly topic: string
      readonly partition: number
      readonly records: Records
      readonly nowMs: number
    }
  /** Records of one topic failed for the same reason. */
  | {
      readonly kind: 'recordsFailed'
      readonly failure: DeliveryFailure
      readonly records: Records
      readonly nowMs: number
    }
  /** Records of one topic were handed back to their owners at close. */
  | {
      readonly kind: 'recordsHandedBack'
      readonly topic: string
      readonly partition: number | undefined
      readonly records: Records
    }
  /** Records of one call with the same topic were not admitted, for the same reason. */
  | {
      readonly kind: 'recordsRefused'
      readonly topic: string
      readonly error: DeliveryError
      readonly count: number
    }

/** Events of batches, topics and the identity of the producer. */
export type BatchEvent =
  /** A request with these batches is passed to the transport, for the first time or again. */
  | {
      readonly kind: 'requestSending'
      readonly brokerId: number
      readonly nowMs: number
      readonly batches: readonly { readonly queue: PartitionQueue; readonly batch: Batch }[]
    }
  /** A batch was compressed from `plainBytes` to `wireBytes`; both are equal if it stays uncompressed. */
  | {
      readonly kind: 'batchCompressed'
      readonly plainBytes: number
      readonly wireBytes: number
    }
  /** A request with these batches, of `sizeBytes` on the wire each, was passed to the client library. */
  | { readonly kind: 'batchesSent'; readonly batches: readonly { readonly sizeBytes: number }[] }
  /** Kafka acknowledged a batch. */
  | {
      readonly kind: 'batchAcknowledged'
      readonly topic: string
      readonly partition: number
      readonly recordCount: number
      readonly sizeBytes: number
    }
  /** An attempt to send a batch failed. */
  | { readonly kind: 'attemptFailed'; readonly errorNumber: number }
  /** A batch will be sent again. */
  | { readonly kind: 'batchRetried'; readonly retry: BatchRetry }
  /** A refused batch was divided: into the records at fault and the others, or in two. */
  | { readonly kind: 'batchSplit' }
  /** A partition, or all of them, got a new identity or epoch of the idempotent producer. */
  | { readonly kind: 'identityRenewed' }
  /** A broker reported that a topic exists. */
  | { readonly kind: 'topicConfirmed'; readonly topic: string }
  /** A topic is no longer used. */
  | { readonly kind: 'topicForgotten'; readonly topic: string }
  /** Brokers are asked to create a topic. */
  | { readonly kind: 'topicCreationAsked' }
  /** A broker answered about topics. */
  | { readonly kind: 'metadataAnswered' }
  /** A broker reported all brokers of the cluster. */
  | { readonly kind: 'brokersLearned'; readonly brokers: readonly BrokerAddress[] }

/** The byte counts of one connection, as of a `net.Socket`. */
export interface ByteCounts {
  readonly bytesRead: number
  /** Includes bytes that wait to be written. */
  readonly bytesWritten: number
  readonly writableLength: number
}

/** The stage of a connection, by librdkafka's name. */
export type ConnectionStage = 'UP' | 'AUTH' | 'AUTH_HANDSHAKE' | 'APIVERSION_QUERY' | 'CONNECT'

/** Events between kprf and one broker. */
type BrokerHappening =
  /** A connection is being opened. `connection` is its identity in later events; `wire` counts its bytes. */
  | {
      readonly kind: 'connectionOpened'
      readonly connection: object
      readonly wire: ByteCounts
    }
  | {
      readonly kind: 'connectionReached'
      readonly connection: object
      readonly stage: ConnectionStage
    }
  /** A connection was closed. `end` is `undefined` if it was never ready, `intended` if nothing is wrong. */
  | {
      readonly kind: 'connectionClosed'
      readonly connection: object
      readonly end: ConnectionEnd | 'intended' | undefined
    }
  /** An attempt to connect failed. */
  | { readonly kind: 'connectFailed' }
  /** The broker refused the credentials. */
  | { readonly kind: 'authenticationFailed' }
  /** A request waits to be sent. */
  | { readonly kind: 'requestQueued' }
  /** A waiting request was sent. */
  | { readonly kind: 'requestSent'; readonly api: string; readonly waitedMs: number }
  /** A waiting request will never be sent. */
  | { readonly kind: 'requestWithdrawn' }
  /** A request was answered. */
  | { readonly kind: 'requestAnswered'; readonly roundTripMs: number }
  /** A request ended without an answer, because none is expected (acks 0). */
  | { readonly kind: 'requestCompleted' }
  /** A request that was sent will never be answered. */
  | { readonly kind: 'requestLost' }
  /** A request timed out. */
  | { readonly kind: 'requestTimedOut' }
  /** An answer arrived that belongs to no request. */
  | { readonly kind: 'foreignAnswer' }
  /** A produce request was answered. `throttleMs` is how long the broker asks kprf to wait, usually 0. */
  | {
      readonly kind: 'produceAnswered'
      readonly durationMs: number
      readonly throttleMs: number
    }

/** What happens between kprf and one broker, by its address ({@link addressOf}) or its node id. */
export type BrokerEvent = BrokerHappening & { readonly broker: string | number }

/** The name of a broker in events: `host:port`, IPv6 hosts in brackets. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Any event of the producer. */
export type ProducerEvent = RecordEvent | BatchEvent | BrokerEvent

/** Receives events. */
export interface EventSink {
  emit(event: ProducerEvent): void
}

/** Passes each event to all subscribers, in the order of their subscription. */
export class ProducerEvents implements EventSink {
  readonly #subscribers: ((event: ProducerEvent) => void)[] = []

  subscribe(subscriber: (event: ProducerEvent) => void): void {
    this.#subscribers.push(subscriber)
  }

  emit(event: ProducerEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event)
  }
}
