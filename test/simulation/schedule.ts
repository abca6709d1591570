/**
 * A run as plain data, which can be printed, stored, shortened by hand and repeated. Times are milliseconds since
 * the load began.
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
  /** Duration of the compression of a batch, ms; 0 for none; `undefined` without compression. */
  readonly compressionMs: number | undefined
  /** Whether brokers keep the epoch of an idempotent producer per partition or per producer. */
  readonly producerEpochs: 'partition' | 'producer'
  /** Whether brokers need a password. */
  readonly isSasl: boolean
  /** What kprf knows at the start: the address of each broker, or one name for all of them. */
  readonly bootstrap: 'addresses' | 'name'
}

/** A topic and its limits. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Largest batch that the broker accepts, bytes. */
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
  /** Topic names, including names of topics that do not exist. */
  readonly topics: readonly string[]
  readonly maxRecords: number
  readonly maxPauseMs: number
  readonly maxValueBytes: number
}

/** A fault for a request of any kind. */
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

/** A fault for a request; `lie` is for Metadata, `without` for ApiVersions, the other three for Produce. */
export type FaultPlan =
  | AnyFaultPlan
  | { readonly kind: 'errorAfterStoring'; readonly code: number }
  | { readonly kind: 'throttle'; readonly ms: number }
  | { readonly kind: 'omit' }
  /** The broker omits the request with this number from its API versions. */
  | { readonly kind: 'without'; readonly apiKey: number }
  | ({ readonly kind: 'lie' } & Omit<MetadataLie, 'topic' | 'partition'>)

/** The requests with faults. */
export type FaultyApi =
  'Produce' | 'Metadata' | 'ApiVersions' | 'InitProducerId' | 'SaslHandshake' | 'SaslAuthenticate'

/** An event that happens once. It is skipped if it is impossible then (a topic that was deleted). */
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
      /** `hung`: its process is stopped for a while. `cut`: its network is cut. */
      readonly kind: Outage
      readonly brokerId: number
      readonly forMs: number
      /** When Kafka notices and moves its partitions; `undefined` for never. */
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
  /** All brokers, and the name, move to other ports, and their old ports stay silent. */
  | { readonly kind: 'moveCluster'; readonly outage: Outage }
  /** The machine stops the process of kprf for a while. */
  | { readonly kind: 'holdUp'; readonly forMs: number }
  | { readonly kind: 'addPartitions'; readonly topic: string; readonly count: number }
)
