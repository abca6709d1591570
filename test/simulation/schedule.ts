/**
 * What one run does, as plain data: it can be printed, kept, shortened by hand and run again. Times are
 * milliseconds since the load began.
 */
import type { MetadataLie } from '@kprf/embedded-broker/testing'
import type { HarnessSettings } from '../support/producer-harness.ts'
import type { Outage } from './world/simulated-network.ts'

/** One run. */
export interface Schedule {
  readonly seed: number
  readonly brokers: number
  readonly settings: HarnessSettings
  /** Topics that exist from the start. */
  readonly topics: readonly TopicPlan[]
  readonly clients: readonly ClientPlan[]
  /** How long clients push. */
  readonly loadMs: number
  readonly events: readonly ChaosEvent[]
  /**
   * `settle`: the load ends, everything is reported, and every partition must take a record again.
   * `drain`: the producer is drained under load, after the faults. `close`: it is closed amid them.
   */
  readonly ending: 'settle' | 'drain' | 'close'
  /** How long it takes to compress a batch, 0 for no wait at all; `undefined`: batches are not compressed. */
  readonly compressionMs: number | undefined
  /** What brokers keep the epoch of an idempotent producer for. */
  readonly producerEpochs: 'partition' | 'producer'
  /** Whether brokers want a password. */
  readonly isSasl: boolean
  /** What kprf knows at the start: the address of each broker, or a name behind which they are in turn. */
  readonly bootstrap: 'addresses' | 'name'
}

/** A topic and its limits. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Largest batch that the broker takes, bytes. */
  readonly maxMessageBytes: number
}

/** One client: it pushes in a loop, one `sendAll` after the other. */
export interface ClientPlan {
  readonly name: string
  readonly seed: number
  /**
   * `sync` waits for its reports, `async` does not, `silent` passes no listener; `httpSync` and
   * `httpAsync` push over HTTP, with and without `wait_for_send`.
   */
  readonly mode: 'sync' | 'async' | 'silent' | 'httpSync' | 'httpAsync'
  readonly addressing: 'key' | 'partition' | 'none'
  /** Names, those of topics that do not exist among them. */
  readonly topics: readonly string[]
  readonly maxRecords: number
  readonly maxPauseMs: number
  readonly maxValueBytes: number
}

/** What can go wrong with a request of any kind. */
export type AnyFaultPlan =
  | { readonly kind: 'cutBefore' | 'cutAfter'; readonly withReset: boolean }
  | {
      readonly kind: 'cutWithin' | 'silentWithin' | 'slice' | 'wrongLength'
      readonly bytes: number
    }
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'delay' | 'delayAnswer'; readonly ms: number }
  | { readonly kind: 'garbage' | 'garbageBody'; readonly hex: string }
  | { readonly kind: 'wrongCorrelationId'; readonly correlationId: number }
  | { readonly kind: 'hang' | 'hangAfterHandling' }

/** What goes wrong with a request; `lie` is of Metadata, `without` of ApiVersions, the other three of Produce. */
export type FaultPlan =
  | AnyFaultPlan
  | { readonly kind: 'errorAfterStoring'; readonly code: number }
  | { readonly kind: 'throttle'; readonly ms: number }
  | { readonly kind: 'omit' }
  /** The broker says that it takes no requests of this number. */
  | { readonly kind: 'without'; readonly apiKey: number }
  | ({ readonly kind: 'lie' } & Omit<MetadataLie, 'topic' | 'partition'>)

/** Requests that faults are about. */
export type FaultyApi =
  'Produce' | 'Metadata' | 'ApiVersions' | 'InitProducerId' | 'SaslHandshake' | 'SaslAuthenticate'

/** Something that happens once. What cannot be done then (a topic that is gone) is left out. */
export type ChaosEvent = { readonly atMs: number } & (
  | {
      readonly kind: 'fault'
      readonly api: FaultyApi
      readonly fault: FaultPlan
      readonly times: number
      readonly brokerId: number | undefined
      readonly topic: string | undefined
    }
  | { readonly kind: 'stopBroker'; readonly brokerId: number; readonly forMs: number }
  | { readonly kind: 'cutConnections'; readonly brokerId: number | undefined }
  | {
      /** `hung`: its process is stopped for a while. `cut`: its cable. */
      readonly kind: Outage
      readonly brokerId: number
      readonly forMs: number
      /** When Kafka notices, and gives its partitions to others; `undefined` for not at all. */
      readonly noticedAfterMs: number | undefined
    }
  | {
      readonly kind: 'moveLeader'
      readonly topic: string
      readonly partition: number
      readonly brokerId: number
    }
  | { readonly kind: 'deleteTopic'; readonly topic: string }
  | { readonly kind: 'createTopic'; readonly topic: TopicPlan }
  /** Deletes a topic, and creates another of its name after a while. */
  | { readonly kind: 'recreateTopic'; readonly topic: TopicPlan; readonly afterMs: number }
  /** All brokers listen elsewhere from now on, with the name, and nothing is heard from where they were. */
  | { readonly kind: 'moveCluster'; readonly outage: Outage }
  /** The process of kprf gets no time from its machine for a while. */
  | { readonly kind: 'holdUp'; readonly forMs: number }
  | { readonly kind: 'addPartitions'; readonly topic: string; readonly count: number }
)
