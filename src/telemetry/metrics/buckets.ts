/** The upper bounds of the buckets of histograms. Each costs a series under each set of label values. */

/**
 * How long requests take, ms: the bounds of the Rust kprf's dashboards (5, 10, 20, 40, 80), doubled up to 20 s, and
 * three finer ones for a nearby broker.
 */
export const REQUEST_MS = [
  0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480,
] as const

/**
 * How long the records of one topic take, ms: the bounds of the Rust kprf's dashboards, and two for trouble. They are
 * few, because there are hundreds of topics: {@link DELIVERY_SECONDS} has the fine ones, for all topics together.
 */
export const TOPIC_MS = [5, 10, 20, 40, 80, 320, 2560] as const

/** How long a request to kprf takes, seconds. */
export const HTTP_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const

/** How long a record takes until Kafka has it, seconds. */
export const DELIVERY_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30, 60,
] as const

/** How long records wait in the queue, seconds. */
export const WAIT_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 60] as const

/** How long a broker takes to answer, seconds, as OpenTelemetry recommends for messaging. */
export const BROKER_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10,
] as const

/** How long the garbage collector holds up the process, seconds. */
export const COLLECTION_SECONDS = [0.001, 0.01, 0.1, 1] as const

/** Bytes of a request body: 256 to 4 MiB, each four times the last. */
export const BODY_BYTES = [
  256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304,
] as const
