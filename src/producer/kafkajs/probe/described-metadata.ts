import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import type { ProtocolRequest } from 'kafkajs/src/protocol/requests/index.js'

/** The first version of Metadata that says what the client may do with a topic; kafkajs ends before it. */
export const VERSION_WITH_OPERATIONS = 8

/** Kafka's value for operations that it does not tell. */
const UNKNOWN_OPERATIONS = -2_147_483_648

/** An answer to a Metadata request, and what the client may do with each topic. */
export interface DescribedMetadata extends RawMetadata {
  /** A bit for each of Kafka's operations, by the name of the topic; not there if the broker does not say. */
  readonly operations: ReadonlyMap<string, number>
}

/** Asks for these topics, creates none, and asks what the client may do with them. */
export function describedMetadata(topics: readonly string[]): ProtocolRequest<DescribedMetadata> {
  return {
    request: {
      ...{ apiKey: apiKeys.Metadata, apiName: 'Metadata', apiVersion: VERSION_WITH_OPERATIONS },
      encode: () => {
        const encoder = new Encoder().writeInt32(topics.length)
        for (const topic of topics) encoder.writeString(topic)
        const [mayCreate, withClusterOperations, withTopicOperations] = [false, false, true]
        for (const flag of [mayCreate, withClusterOperations, withTopicOperations]) {
          encoder.writeBoolean(flag)
        }
        return Promise.resolve(encoder)
      },
    },
    response: {
      decode: (data) => Promise.resolve(decode(data)),
      parse: (answer) => Promise.resolve(answer),
    },
  }
}

function decode(data: Buffer): DescribedMetadata {
  const decoder = new Decoder(data)
  // How long the broker throttles.
  decoder.readInt32()
  const brokers = decoder.readArray(() => ({
    nodeId: decoder.readInt32(),
    host: decoder.readString() ?? '',
    port: decoder.readInt32(),
    rack: decoder.readString(),
  }))
  const clusterId = decoder.readString()
  const controllerId = decoder.readInt32()
  const operations = new Map<string, number>()
  const topicMetadata = decoder.readArray(() => {
    const topic = {
      topicErrorCode: decoder.readInt16(),
      topic: decoder.readString() ?? '',
      isInternal: decoder.readBoolean(),
      partitionMetadata: decoder.readArray(() => partition(decoder)),
    }
    const bits = decoder.readInt32()
    if (bits !== UNKNOWN_OPERATIONS) operations.set(topic.topic, bits)
    return topic
  })
  return { brokers, clusterId, controllerId, topicMetadata, operations }
}

function partition(decoder: Decoder): RawMetadata['topicMetadata'][number]['partitionMetadata'][0] {
  const [partitionErrorCode, partitionId] = [decoder.readInt16(), decoder.readInt32()]
  const leader = decoder.readInt32()
  // The epoch of the leader.
  decoder.readInt32()
  const ids = (): number[] => decoder.readArray(() => decoder.readInt32())
  const [replicas, isr] = [ids(), ids()]
  // The replicas that are away.
  ids()
  return { partitionErrorCode, partitionId, leader, replicas, isr }
}
