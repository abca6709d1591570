/** Converts answers of brokers to the producer's types. */
import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import { RDKAFKA } from '../delivery-errors.ts'
import type { MetadataSnapshot, ProduceOutcome } from '../transport.ts'
import type { ProduceCall } from './produce-call.ts'

/** The outcome with acks 0: the batch was written to the socket, and no broker confirms it. */
export const UNCONFIRMED: ProduceOutcome = {
  status: 'acknowledged',
  baseOffset: undefined,
  logAppendTimeMs: undefined,
}

/** One partition's part of an answer, as kafkajs gives it. */
interface PartitionResult {
  readonly topicName: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset?: string
  readonly logAppendTime?: string
}

/** The outcome of each batch of the call, in their order. */
export function toOutcomes(
  { batches }: ProduceCall,
  results: readonly PartitionResult[],
): readonly ProduceOutcome[] {
  const byPartition = new Map(
    results.map((result) => [`${result.partition} ${result.topicName}`, result]),
  )
  return batches.map(({ topic, partition }) => toOutcome(byPartition.get(`${partition} ${topic}`)))
}

/** The same failure for every batch of the call. */
export function failAll(
  { batches }: ProduceCall,
  failure: Omit<ProduceOutcome & { status: 'failed' }, 'status'>,
): readonly ProduceOutcome[] {
  return batches.map(() => ({ status: 'failed', ...failure }))
}

function toOutcome(result: PartitionResult | undefined): ProduceOutcome {
  if (!result) {
    const reason = 'the answer does not mention the partition'
    return { status: 'failed', errorNumber: RDKAFKA.brokerTransportFailure, wasSent: true, reason }
  }
  if (result.errorCode !== 0) return { status: 'refused', errorNumber: result.errorCode }
  const baseOffset = BigInt(result.baseOffset ?? -1)
  const logAppendTimeMs = Number(result.logAppendTime ?? -1)
  return {
    status: 'acknowledged',
    baseOffset: baseOffset < 0n ? undefined : baseOffset,
    logAppendTimeMs: logAppendTimeMs < 0 ? undefined : logAppendTimeMs,
  }
}

/** Converts a metadata answer. */
export function toSnapshot({ brokers, topicMetadata }: RawMetadata): MetadataSnapshot {
  return {
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    topics: topicMetadata.map(({ topic, topicErrorCode, partitionMetadata }) => {
      const leaders = new Array<number | undefined>(partitionMetadata.length).fill(undefined)
      for (const { partitionId, leader } of partitionMetadata) {
        if (leader >= 0) leaders[partitionId] = leader
      }
      return { name: topic, errorNumber: topicErrorCode, leaders }
    }),
  }
}
