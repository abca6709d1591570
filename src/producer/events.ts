/**
 * What happens in the producer and on its connections, as one stream: metrics, the log and the statistics subscribe
 * to it. Nothing is emitted for each record, only for batches, requests and what is rarer.
 */
import type { ConnectionEnd } from '../base/connection-end.ts'
import type { Batch } from './batch.ts'
import type { Records } from './record-columns.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { BrokerAddress } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** Records that were not delivered, all for the same reason. */
export interface DeliveryFailure {
  readonly topic: string
  /** `undefined` while no partition was assigned. */
  readonly partition: number | undefined
  readonly status: 'notPersisted' | 'possiblyPersisted'
  readonly error: DeliveryError
}

/** A batch that failed once and will be sent again. */
export interface BatchRetry {
  readonly topic: string
  readonly partition: number
  readonly recordCount: number
  /** Whether Kafka may have the records already, so that they may be there twice. */
  readonly mayBePersisted: boolean
  /** librdkafka's number of the error. */
  readonly errorNumber: number
  readonly reason: string
  readonly backoffMs: number
}

/** What becomes of records. */
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

/** What becomes of batches, topics and the producer's identity. */
export type BatchEvent =
  /** A request with these batches is handed over to be sent to a broker, for the first time or again. */
  | {
      readonly kind: 'requestSending'
      readonly brokerId: number
      readonly batches: readonly { readonly queue: PartitionQueue; readonly batch: Batch }[]
    }
  /** A batch was compressed, from so many bytes to so many; the same if it goes as it is. */
  | {
      readonly kind: 'batchCompressed'
      readonly plainBytes: number
      readonly wireBytes: number
    }
  /** A batch was handed over to be sent, of so many bytes on the wire. */
  | { readonly kind: 'batchSent'; readonly wireBytes: number }
  /** Kafka has a batch. */
  | {
      readonly kind: 'batchAcknowledged'
      readonly topic: string
      readonly partition: number
      readonly recordCount: number
      readonly sizeBytes: number
    }
  /** A batch was sent in vain, whatever happens to it next. */
  | { readonly kind: 'attemptFailed'; readonly errorNumber: number }
  /** A batch will be sent again. */
  | { readonly kind: 'batchRetried'; readonly retry: BatchRetry }
  /** A batch was cut in two. */
  | { readonly kind: 'batchSplit' }
  /** A partition, or all of them, took up a new identity or epoch of the idempotent producer. */
  | { readonly kind: 'identityRenewed' }
  /** A broker says that a topic exists. */
  | { readonly kind: 'topicConfirmed'; readonly topic: string }
  /** A topic is not used any more. */
  | { readonly kind: 'topicForgotten'; readonly topic: string }
  /** Brokers are asked to create a topic. */
  | { readonly kind: 'topicCreationAsked' }
  /** A broker answered about topics. */
  | { readonly kind: 'metadataAnswered' }
  /** These are all brokers of the cluster. */
  | { readonly kind: 'brokersLearned'; readonly brokers: readonly BrokerAddress[] }

/** Bytes on the wire of one connection: a `net.Socket`. */
export interface ByteCounts {
  readonly bytesRead: number
  /** Those that wait to be written included. */
  readonly bytesWritten: number
  readonly writableLength: number
}

/** How far a connection is, in librdkafka's words. */
export type ConnectionStage = 'UP' | 'AUTH' | 'AUTH_HANDSHAKE' | 'APIVERSION_QUERY' | 'CONNECT'

/** What happens between kprf and one broker. */
type BrokerHappening =
  /** A connection is being opened: known by `connection` from now on. Its bytes are counted at `wire`. */
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
  /** A connection is gone. `end` is `undefined` for one that was never ready, `intended` where nothing is wrong. */
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
  /** A request that waited is on its way. */
  | { readonly kind: 'requestSent'; readonly api: string; readonly waitedMs: number }
  /** A request that waited will never be sent. */
  | { readonly kind: 'requestWithdrawn' }
  /** A request got its answer. */
  | { readonly kind: 'requestAnswered'; readonly roundTripMs: number }
  /** A request gets no answer, and none is expected (acks 0). */
  | { readonly kind: 'requestCompleted' }
  /** A request that was sent will not be answered any more. */
  | { readonly kind: 'requestLost' }
  /** A request was given up because its time was over. */
  | { readonly kind: 'requestTimedOut' }
  /** An answer belongs to no request. */
  | { readonly kind: 'foreignAnswer' }
  /** A produce request was answered. `throttleMs` is how long kprf is to wait, mostly 0. */
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

/** One thing that happened. */
export type ProducerEvent = RecordEvent | BatchEvent | BrokerEvent

/** Where events go. */
export interface EventSink {
  emit(event: ProducerEvent): void
}

/** Hands each event to all who subscribed, in the order in which they did. */
export class ProducerEvents implements EventSink {
  readonly #subscribers: ((event: ProducerEvent) => void)[] = []

  subscribe(subscriber: (event: ProducerEvent) => void): void {
    this.#subscribers.push(subscriber)
  }

  emit(event: ProducerEvent): void {
    for (const subscriber of this.#subscribers) subscriber(event)
  }
}
