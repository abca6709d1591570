/**
 * Reads the answer to a Produce request (versions 3 to 8). kafkajs's own decoders end at version 7; from version 8
 * on, a broker says why it refused a batch, and which of its records are at fault (KIP-467).
 */
import Decoder from 'kafkajs/src/protocol/decoder.js'
import type { PartitionAnswer, RawProduceResponse } from 'kafkajs/src/protocol/requests/index.js'

/** The versions of Produce that kprf speaks. Earlier ones do not know record batches (Kafka before 0.11). */
export const PRODUCE_VERSIONS = [3, 4, 5, 6, 7, 8] as const

const WITH_LOG_START_OFFSET = 5
/** From this version on, brokers answer before they throttle, and the client holds back (KIP-219). */
const THROTTLED_BY_CLIENT = 6
const WITH_RECORD_ERRORS = 8

/**
 * Decodes an answer.
 *
 * @throws RangeError if it is malformed.
 */
export function decodeProduce(payload: Buffer, version: number): RawProduceResponse {
  const decoder = new Decoder(payload)
  const topics = decoder.readArray(() => ({
    topicName: decoder.readString() ?? '',
    partitions: decoder.readArray(() => decodePartition(decoder, version)),
  }))
  const throttleMs = decoder.readInt32()
  return version < THROTTLED_BY_CLIENT
    ? { topics, throttleTime: throttleMs }
    : { topics, throttleTime: 0, clientSideThrottleTime: throttleMs }
}

function decodePartition(decoder: Decoder, version: number): PartitionAnswer {
  const answer = {
    partition: decoder.readInt32(),
    errorCode: decoder.readInt16(),
    baseOffset: decoder.readInt64().toString(),
    logAppendTime: decoder.readInt64().toString(),
  }
  if (version >= WITH_LOG_START_OFFSET) decoder.readInt64()
  if (version < WITH_RECORD_ERRORS) return answer
  const recordErrors = decoder.readArray(() => ({
    batchIndex: decoder.readInt32(),
    message: decoder.readString(),
  }))
  return { ...answer, recordErrors, errorMessage: decoder.readString() }
}
