/**
 * Reads the answer to a Produce request (versions 3 to 8). kafkajs's own decoders end at version 7; from version 8
 * on, a broker says why it refused a batch, and which of its records are at fault (KIP-467). An answer has a part for
 * each batch, so reading a part must cost little.
 */

/** The versions of Produce that kprf supports. Earlier versions have no record batches (Kafka before 0.11). */
export const PRODUCE_VERSIONS = [3, 4, 5, 6, 7, 8] as const

const WITH_LOG_START_OFFSET = 5
/** From this version on, brokers answer before they throttle, and the client must wait (KIP-219). */
const THROTTLED_BY_CLIENT = 6
const WITH_RECORD_ERRORS = 8

/** The answer to a Produce request. */
export interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly PartitionAnswer[]
  }[]
  /** The throttle time, ms: for how long the broker has delayed the answer, or asks the client to send nothing. */
  readonly throttleMs: number
  /** The throttle time if the client is to wait; `undefined` if the broker has delayed the answer. */
  readonly clientThrottleMs: number | undefined
}

/** What became of the batch of one partition. */
export interface PartitionAnswer {
  readonly partition: number
  readonly errorCode: number
  /** -1 if there is none. */
  readonly baseOffset: bigint
  /** -1 if the topic does not use LogAppendTime. */
  readonly logAppendTimeMs: number
  readonly recordErrors: readonly RecordError[]
  readonly errorMessage: string | null
}

interface RecordError {
  readonly batchIndex: number
  readonly message: string | null
}

const TWO_TO_32 = 2 ** 32
const NO_ERRORS: readonly RecordError[] = []

/**
 * Decodes an answer.
 *
 * @throws RangeError if it is malformed.
 */
export function decodeProduce(payload: Buffer, version: number): ProduceAnswer {
  const reader = new AnswerReader(payload)
  const topics = reader.array(() => ({
    topicName: reader.string() ?? '',
    partitions: reader.array(() => readPartition(reader, version)),
  }))
  // Random bytes must not be read as a throttle time, which could stop the requests of the connection for days.
  if (topics.length === 0) throw new RangeError('the answer names no topic')
  const throttleMs = reader.int32()
  const clientThrottleMs = version < THROTTLED_BY_CLIENT ? undefined : throttleMs
  return { topics, throttleMs, clientThrottleMs }
}

function readPartition(reader: AnswerReader, version: number): PartitionAnswer {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const baseOffset = reader.bigInt64()
  const logAppendTimeMs = reader.int64()
  if (version >= WITH_LOG_START_OFFSET) reader.int64()
  const isExplained = version >= WITH_RECORD_ERRORS
  const recordErrors = isExplained
    ? reader.array(() => ({ batchIndex: reader.int32(), message: reader.string() }))
    : NO_ERRORS
  const errorMessage = isExplained ? reader.string() : null
  return { partition, errorCode, baseOffset, logAppendTimeMs, recordErrors, errorMessage }
}

/** Reads the fields of an answer, one after the other. Each throws a RangeError behind the end of the answer. */
class AnswerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at)
    this.#at += 2
    return value
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    return value
  }

  /** As a number, which is exact up to 2^53. */
  int64(): number {
    const high = this.int32()
    const low = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return high * TWO_TO_32 + low
  }

  bigInt64(): bigint {
    const at = this.#at
    const value = this.int64()
    // Buffer combines a big integer from two others, which takes three times as long.
    return Number.isSafeInteger(value) ? BigInt(value) : this.#bytes.readBigInt64BE(at)
  }

  string(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) throw new RangeError('a string ends behind the answer')
    return this.#bytes.toString('utf8', start, this.#at)
  }

  array<Element>(read: () => Element): readonly Element[] {
    const length = this.int32()
    if (length < 0) throw new RangeError(`an array of ${length} elements`)
    const elements: Element[] = []
    for (let left = length; left > 0; left -= 1) elements.push(read())
    return elements
  }
}
