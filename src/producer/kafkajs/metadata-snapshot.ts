import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import type { MetadataSnapshot } from '../transport.ts'

/** Converts a metadata answer. */
export function toSnapshot({ brokers, topicMetadata }: RawMetadata): MetadataSnapshot {
  return {
    brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    topics: topicMetadata.map(({ topic, topicErrorCode, isInternal, partitionMetadata }) => {
      const leaders = new Array<number | undefined>(partitionMetadata.length).fill(undefined)
      for (const { partitionId, leader } of partitionMetadata) {
        if (leader >= 0) leaders[partitionId] = leader
      }
      return {
        name: topic,
        errorNumber: topicErrorCode,
        ...(isInternal && { isInternal }),
        leaders,
      }
    }),
  }
}
