/**
 * Writes a Produce request (versions 3 to 8, which differ only in their answers). Batches are copied at most once, and
 * not at all in a large request: kafkajs makes four copies of each. The request passes kafkajs's request queue, so that
 * kafkajs still handles correlation ids. The outcome of each batch is read from the answer.
 */
import type { Socket } from 'node:net'
import type { Connection } from 'kafkajs/src/broker/index.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import { invariant } from '../../base/invariant.ts'
import { RDKAFKA } from '../delivery-errors.ts'
import type { EncodedBatch, ProduceOutcome } from '../transport.ts'
import type { PartitionAnswer, ProduceAnswer } from './produce-answer.ts'
import type { ProduceCall } from './produce-call.ts'

/** The fields of a Produce request other than its batches. */
export interface ProduceOptions {
  readonly apiVersion: number
  /** 0, 1 or -1. */
  readonly acks: number
  /** Milliseconds that the broker may wait for its replicas. */
  readonly timeout: number
}

/** A request up to this size, bytes, is copied into one buffer: one small write is cheaper than one of many parts. */
const COPIED_BYTES = 65_536
/** The length of a request, before all else. */
const LENGTH_BYTES = 4

/**
 * Sends a call's batches on a connection.
 *
 * @returns the answer, not decoded; `null` with acks 0, once the kernel has everything.
 * @throws kafkajs's errors if there is no answer.
 */
export async function sendProduce(
  connection: Connection,
  call: ProduceCall,
  options: ProduceOptions,
): Promise<Buffer | null> {
  if (connection.sasl && !connection.isAuthenticated()) await connection.authenticate()
  connection.failIfNotConnected()
  const { apiVersion, acks } = options
  const correlationId = connection.nextCorrelationId()
  const pieces = encodeProduce(call.batches, {
    ...options,
    correlationId,
    clientId: connection.clientId,
  })
  const { promise: written, resolve: onWritten } = Promise.withResolvers<undefined>()
  const { promise: answered, resolve, reject } = Promise.withResolvers<{ payload: Buffer | null }>()
  connection.requestQueue.push({
    entry: {
      apiKey: apiKeys.Produce,
      apiName: 'Produce',
      apiVersion,
      correlationId,
      resolve,
      reject,
    },
    expectResponse: acks !== 0,
    sendRequest: () => {
      try {
        const { socket } = connection
        invariant(socket !== undefined, 'a connected connection has a socket')
        call.sendOn(socket)
        write(socket, pieces, () => {
          onWritten(undefined)
        })
      } catch (error) {
        // kafkajs has registered the request as in flight, and would wait for an answer.
        connection.requestQueue.inflight.delete(correlationId)
        reject(error)
      }
    },
  })
  const { payload } = await answered
  if (acks === 0) await written
  return payload
}

/** Encodes the whole request, its length prefix included, as a list of buffers. */
export function encodeProduce(
  batches: readonly EncodedBatch[],
  options: ProduceOptions & { readonly correlationId: number; readonly clientId: string },
): readonly Buffer[] {
  const topics = Map.groupBy(batches, ({ topic }) => topic)
  const metaBytes = metaBytesOf(topics, options.clientId)
  let sizeBytes = metaBytes
  for (const batch of batches) sizeBytes += batch.sizeBytes
  const writer =
    sizeBytes <= COPIED_BYTES ? new CopyingWriter(sizeBytes) : new PieceWriter(metaBytes)
  writer.int32(sizeBytes - LENGTH_BYTES)
  writer.int16(apiKeys.Produce)
  writer.int16(options.apiVersion)
  writer.int32(options.correlationId)
  writer.string(options.clientId)
  writer.int16(-1) // no transactional id
  writer.int16(options.acks)
  writer.int32(options.timeout)
  writer.int32(topics.size)
  for (const [topic, partitions] of topics) {
    writer.string(topic)
    writer.int32(partitions.length)
    for (const { partition, sizeBytes, pieces } of partitions) {
      writer.int32(partition)
      writer.int32(sizeBytes)
      for (const piece of pieces) writer.piece(piece)
    }
  }
  return writer.finish()
}

function write(socket: Socket, pieces: readonly Buffer[], onWritten: () => void): void {
  const last = pieces.at(-1)
  socket.cork()
  for (const piece of pieces) {
    if (piece === last) socket.write(piece, onWritten)
    else socket.write(piece)
  }
  socket.uncork()
}

/** Bytes of the request other than those of its batches. */
function metaBytesOf(
  topics: ReadonlyMap<string, readonly EncodedBatch[]>,
  clientId: string,
): number {
  let bytes = LENGTH_BYTES + 2 + 2 + 4 + 2 + Buffer.byteLength(clientId) + 2 + 2 + 4 + 4
  for (const [topic, partitions] of topics) {
    bytes += 2 + Buffer.byteLength(topic) + 4 + 8 * partitions.length
  }
  return bytes
}

/** Writes numbers and strings into one buffer. */
abstract class RequestWriter {
  protected readonly buffer: Buffer
  protected at = 0

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes)
  }

  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at)
  }

  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at)
  }

  string(text: string): void {
    const lengthAt = this.at
    const bytes = this.buffer.write(text, lengthAt + 2)
    this.at = this.buffer.writeInt16BE(bytes, lengthAt) + bytes
  }

  /** Adds a piece of a batch. */
  abstract piece(piece: Buffer): void

  /** The whole request. */
  abstract finish(): readonly Buffer[]
}

/** Copies the pieces of batches into its buffer. A small request may have many pieces, and needs no object for each. */
class CopyingWriter extends RequestWriter {
  override piece(piece: Buffer): void {
    this.at += piece.copy(this.buffer, this.at)
  }

  override finish(): readonly Buffer[] {
    return [this.buffer]
  }
}

/** Puts the pieces of batches between the parts of its buffer. */
class PieceWriter extends RequestWriter {
  readonly #pieces: Buffer[] = []
  #from = 0

  override piece(piece: Buffer): void {
    this.#cut()
    this.#pieces.push(piece)
  }

  override finish(): readonly Buffer[] {
    this.#cut()
    return this.#pieces
  }

  #cut(): void {
    if (this.#from < this.at) this.#pieces.push(this.buffer.subarray(this.#from, this.at))
    this.#from = this.at
  }
}

/** The outcome with acks 0: the batch was written to the socket, and no broker confirms it. */
export const UNCONFIRMED: ProduceOutcome = {
  status: 'acknowledged',
  baseOffset: undefined,
  logAppendTimeMs: undefined,
}

/** The outcome of a batch that an answer leaves out. */
const UNMENTIONED: ProduceOutcome = {
  status: 'failed',
  errorNumber: RDKAFKA.brokerTransportFailure,
  wasSent: true,
  reason: 'the answer does not mention the partition',
}

/** The outcome of each batch of the call, in their order. */
export function toOutcomes(
  { batches }: ProduceCall,
  { topics }: ProduceAnswer,
): readonly ProduceOutcome[] {
  const outcomes = batches.map(() => UNMENTIONED)
  let indexes: BatchIndexes | undefined
  let next = 0
  for (const { topicName, partitions } of topics) {
    for (const result of partitions) {
      // Brokers may answer in another order than that of the request, but most do not.
      const expected = batches[next]
      const isExpected = expected?.partition === result.partition && expected.topic === topicName
      const index = isExpected
        ? next
        : (indexes ??= indexesOf(batches)).get(topicName)?.get(result.partition)
      if (index === undefined) continue
      outcomes[index] = toOutcome(result)
      next = index + 1
    }
  }
  return outcomes
}

/** The index of each batch, by topic and partition. */
type BatchIndexes = ReadonlyMap<string, ReadonlyMap<number, number>>

function indexesOf(batches: readonly EncodedBatch[]): BatchIndexes {
  const indexes = new Map<string, Map<number, number>>()
  for (const [index, { topic, partition }] of batches.entries()) {
    const ofTopic = indexes.get(topic) ?? new Map<number, number>()
    indexes.set(topic, ofTopic.set(partition, index))
  }
  return indexes
}

/** The same failure for every batch of the call. */
export function failAll(
  { batches }: ProduceCall,
  failure: Omit<ProduceOutcome & { status: 'failed' }, 'status'>,
): readonly ProduceOutcome[] {
  return batches.map(() => ({ status: 'failed', ...failure }))
}

function toOutcome(result: PartitionAnswer): ProduceOutcome {
  const { errorCode, baseOffset, logAppendTimeMs } = result
  if (errorCode !== 0) return toRefusal(result)
  return {
    status: 'acknowledged',
    baseOffset: baseOffset < 0n ? undefined : baseOffset,
    logAppendTimeMs: logAppendTimeMs < 0 ? undefined : logAppendTimeMs,
  }
}

function toRefusal({ errorCode, errorMessage, recordErrors }: PartitionAnswer): ProduceOutcome {
  const faults = recordErrors.map(({ batchIndex, message }) => ({
    position: batchIndex,
    reason: message ?? undefined,
  }))
  return {
    ...{ status: 'refused', errorNumber: errorCode },
    ...(errorMessage !== null && errorMessage !== '' && { reason: errorMessage }),
    ...(faults.length > 0 && { faults }),
  }
}
