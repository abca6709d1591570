import type { ProduceRequest, ProduceResponse } from '../../src/protocol/apis/produce.ts'
import { recordBatch } from './batch-builder.ts'

/** A Produce request for one partition. */
export function produceRequest(
  topic: string,
  partition: number,
  records: Buffer | null = recordBatch(),
  acks = -1,
): ProduceRequest {
  return {
    transactionalId: null,
    acks,
    timeoutMs: 1000,
    topics: [{ name: topic, partitions: [{ index: partition, records }] }],
  }
}

/** The answer for the first partition of a Produce response. */
export function firstPartition(
  response: ProduceResponse,
): ProduceResponse['topics'][number]['partitions'][number] {
  const partition = response.topics[0]?.partitions[0]
  if (!partition) throw new Error('the response names no partition')
  return partition
}
