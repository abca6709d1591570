/** Serves Produce: checks each partition's batch and appends it to the log. */
import type { BatchRefusal } from '../batch-refusal.ts'
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import type { ReceivedRequest, Reply, Target } from '../exchange.ts'
import { answer } from '../exchange.ts'
import { lookUpPartition } from '../partition-lookup.ts'
import type { ProduceRequest, ProduceResponse } from '../protocol/apis/produce.ts'
import { produceApi } from '../protocol/apis/produce.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { readBatchHeader, refuseBatch } from '../record-batch.ts'
import type { Session } from '../session.ts'
import { isInternalTopic, type Partition } from '../topic-catalog.ts'

const ACKS = [-1, 0, 1]

type PartitionResponse = ProduceResponse['topics'][number]['partitions'][number]

/** Answers for a partition instead of the broker. */
type Override = (target: Target) => PartitionResponse | undefined

interface PartitionData {
  readonly topic: string
  readonly index: number
  readonly records: Buffer | null
}

/** The Produce endpoint. */
export function produceEndpoint(parts: ClusterParts): Endpoint {
  const serve = (
    request: ProduceRequest,
    received: ReceivedRequest,
    session: Session,
    override: Override = () => undefined,
  ): Reply<ProduceResponse> => {
    const appendOne = (data: PartitionData): PartitionResponse =>
      ACKS.includes(request.acks)
        ? append(parts, data, received, session)
        : refused(data.index, { errorCode: ErrorCode.INVALID_REQUIRED_ACKS })
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(
        ({ index, records }) =>
          override({ topic: name, partition: index }) ?? appendOne({ topic: name, index, records }),
      ),
    }))
    return replyTo(request, topics)
  }
  return endpoint(produceApi, serve, ({ errorCode, matches }, request, received, session) =>
    serve(request, received, session, (target) =>
      matches(target) ? refused(target.partition ?? 0, { errorCode }) : undefined,
    ),
  )
}

/** With acks 0 there is no answer, and an error shows as a closed connection. */
function replyTo(
  { acks }: ProduceRequest,
  topics: ProduceResponse['topics'],
): Reply<ProduceResponse> {
  if (acks !== 0) return answer({ topics, throttleTimeMs: 0 })
  const hasFailed = topics.some(({ partitions }) =>
    partitions.some(({ errorCode }) => errorCode !== ErrorCode.NONE),
  )
  return { kind: hasFailed ? 'cut' : 'none' }
}

function append(
  { catalog, access, clock }: ClusterParts,
  { topic, index, records }: PartitionData,
  { brokerId, version }: ReceivedRequest,
  { principal }: Session,
): PartitionResponse {
  const wish = { topic, index, operation: 'write', principal, brokerId } as const
  const lookup = lookUpPartition(catalog, access, wish)
  if (lookup.kind === 'refused') return refused(index, lookup)
  if (isInternalTopic(topic)) {
    return refused(index, { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION })
  }
  const batch = records ?? Buffer.alloc(0)
  const { maxMessageBytes, maxTimestampAheadMs, isCompacted } = lookup.topic
  const refusal = refuseBatch(batch, {
    ...{ maxMessageBytes, isCompacted, partition: `${topic}-${index}` },
    maxTimestampMs: clock.epochMs() + maxTimestampAheadMs,
    produceVersion: version,
  })
  return refusal ? refused(index, refusal) : store(lookup.partition, batch)
}

/** Appends a checked batch, unless it is a duplicate or out of order. */
function store(
  { index, log, producers, changed, leaderEpoch }: Partition,
  batch: Buffer,
): PartitionResponse {
  const header = readBatchHeader(batch)
  const verdict = producers.judge(header)
  switch (verdict.kind) {
    case 'refuse':
      return refused(index, verdict)
    case 'duplicate':
      return accepted(index, verdict.baseOffset, log.startOffset)
    case 'append': {
      const baseOffset = log.append(batch, header, leaderEpoch)
      producers.appended(header, baseOffset)
      changed.notify()
      return accepted(index, baseOffset, log.startOffset)
    }
  }
}

function accepted(index: number, baseOffset: bigint, logStartOffset: bigint): PartitionResponse {
  return {
    index,
    errorCode: ErrorCode.NONE,
    baseOffset,
    logAppendTimeMs: -1n,
    logStartOffset,
    recordErrors: [],
    errorMessage: null,
  }
}

function refused(
  index: number,
  {
    errorCode,
    message,
    recordErrors = [],
  }: Pick<BatchRefusal, 'errorCode'> & Partial<BatchRefusal>,
): PartitionResponse {
  return { ...accepted(index, -1n, -1n), errorCode, errorMessage: message ?? null, recordErrors }
}
