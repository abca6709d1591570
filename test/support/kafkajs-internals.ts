/** kafkajs's own encoders and decoders, to check kprf's. kafkajs does not publish them. */
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

/** kafkajs's writer of protocol fields. */
interface KafkajsEncoder {
  readonly buffer: Buffer
  writeVarInt(value: number): KafkajsEncoder
  writeVarLong(value: number): KafkajsEncoder
}

/** kafkajs's `Encoder`. */
export const Encoder = load('kafkajs/src/protocol/encoder') as {
  new (): KafkajsEncoder
  sizeOfVarInt(value: number): number
  sizeOfVarLong(value: number): number
}

/** A record in the form of kafkajs's producer. */
export interface KafkajsMessage {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>
  readonly timestamp: number
}

/** A record in the form of kafkajs's consumer. */
interface KafkajsRecord {
  readonly attributes: number
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>
}

/** A batch in the form of kafkajs's consumer. */
interface KafkajsBatch {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly lastOffsetDelta: number
  readonly partitionLeaderEpoch: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
  readonly records: readonly KafkajsRecord[]
}

/** The arguments of kafkajs's Produce requests. */
export interface KafkajsProduce {
  readonly acks: number
  readonly timeout: number
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly messages: readonly KafkajsMessage[]
    }[]
  }[]
}

type EncodeProduce = (request: KafkajsProduce) => { encode(): Promise<KafkajsEncoder> }

const produceV3 = load('kafkajs/src/protocol/requests/produce/v3/request') as EncodeProduce

const encodeRequest = load('kafkajs/src/protocol/request') as (request: {
  readonly correlationId: number
  readonly clientId: string
  readonly request: object
}) => Promise<KafkajsEncoder>

const Decoder = load('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object
const decodeRecordBatch = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<KafkajsBatch>

/** kafkajs's CRC-32C. */
export const kafkajsCrc32c = load('kafkajs/src/protocol/recordBatch/crc32C') as (
  bytes: Buffer,
) => number

/** The record batch in the Produce request that kafkajs would send for these records. */
export async function encodeWithKafkajs(messages: readonly KafkajsMessage[]): Promise<Buffer> {
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages }] }]
  const { buffer } = await produceV3({ acks: -1, timeout: 1, topicData }).encode()
  // Before it: no transactional id, acks, timeout, one topic 't', one partition, its size.
  const start = 2 + 2 + 4 + 4 + (2 + 1) + 4 + 4 + 4
  return buffer.subarray(start)
}

/** A complete Produce request as kafkajs would write it. */
export async function encodeProduceWithKafkajs(
  version: number,
  produce: KafkajsProduce,
  sender: { readonly correlationId: number; readonly clientId: string },
): Promise<Buffer> {
  const encode = load(`kafkajs/src/protocol/requests/produce/v${version}/request`) as EncodeProduce
  const { buffer } = await encodeRequest({ ...sender, request: encode(produce) })
  return buffer
}

/** Reads the answer to a Produce request as kafkajs does. */
export function decodeProduceWithKafkajs(payload: Buffer, version: number): Promise<unknown> {
  const { decode } = load(`kafkajs/src/protocol/requests/produce/v${version}/response`) as {
    readonly decode: (payload: Buffer) => Promise<unknown>
  }
  return decode(payload)
}

/** Reads a record batch as kafkajs's consumer does. */
export function decodeWithKafkajs(batch: Buffer): Promise<KafkajsBatch> {
  return decodeRecordBatch(new Decoder(batch))
}

/** An error of kafkajs. */
type KafkajsError = Error & { readonly retriable: boolean }

/** kafkajs's error classes, by their constructor arguments. */
export const errors = load('kafkajs/src/errors') as {
  readonly KafkaJSConnectionError: new (
    words: string,
    options: { readonly broker?: string; readonly code?: string | undefined },
  ) => KafkajsError
  readonly KafkaJSConnectionClosedError: new (
    words: string,
    options: { readonly host: string; readonly port: number },
  ) => KafkajsError
} & Readonly<
  Record<
    | 'KafkaJSError'
    | 'KafkaJSRequestTimeoutError'
    | 'KafkaJSSASLAuthenticationError'
    | 'KafkaJSNonRetriableError'
    | 'KafkaJSBrokerNotFound'
    | 'KafkaJSLockTimeout'
    | 'KafkaJSServerDoesNotSupportApiKey',
    new (words: string, options?: { readonly cause?: unknown }) => KafkajsError
  >
>

/** Makes the error of one of Kafka's error codes, as kafkajs does for an answer. */
export const { createErrorFromCode } = load('kafkajs/src/protocol/error') as {
  readonly createErrorFromCode: (code: number) => KafkajsError
}

const createRetry = load('kafkajs/src/retry') as (options: {
  readonly retries: number
}) => <Result>(attempt: (bail: (error: unknown) => void) => Promise<Result>) => Promise<Result>

/** The error that kafkajs's retrier throws, without retries, for a failed attempt. */
export async function wrappedByRetrier(error: unknown): Promise<unknown> {
  const attempt = (): Promise<never> => {
    throw error
  }
  return await createRetry({ retries: 0 })(async () => attempt()).catch((thrown: unknown) => thrown)
}

/** kafkajs's request queue of one connection. */
export interface KafkajsRequestQueue {
  readonly pending: readonly unknown[]
  throttledUntil: number
  push(request: {
    readonly entry: { readonly correlationId: number; reject(error: unknown): void }
    readonly expectResponse: boolean
    readonly sendRequest: () => void
  }): void
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
  maybeThrottle(clientSideThrottleTime: number | undefined): void
  canSendSocketRequestImmediately(): boolean
}

/** kafkajs's `RequestQueue`. */
const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: {
  readonly maxInFlightRequests: number | null
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  readonly clientId: string
  readonly broker: string
  readonly logger: { debug(): void; warn(): void }
}) => KafkajsRequestQueue

/** The request queue of a connection without limits. */
export function makeRequestQueue(): KafkajsRequestQueue {
  return new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 30_000,
    enforceRequestTimeout: false,
    clientId: 'kprf',
    broker: 'broker:9092',
    logger: { debug: () => undefined, warn: () => undefined },
  })
}
