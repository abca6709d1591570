import { ALL_TOPICS, type WantedTopics } from '../../base/cluster-description.ts'
import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { ProtocolRequest } from 'kafkajs/src/protocol/requests/index.js'

/** The first version of Metadata that says whether topics may be created. */
const VERSION_WITH_AUTO_CREATION = 4
/** The length of a null array, which means all topics. Before version 1, an empty array means all topics. */
const NULL_LENGTH = -1
const VERSION_WITH_NULL = 1

/**
 * Returns a Metadata request for these topics, or for no topics if the list is empty: kafkajs would write null, which
 * means all topics.
 *
 * @param mayCreate - whether the broker may create missing topics; brokers before Kafka 0.11 are not asked.
 */
export function withTopics(
  { request, response }: ProtocolRequest<RawMetadata>,
  topics: WantedTopics,
  mayCreate: boolean,
): ProtocolRequest<RawMetadata> {
  const encode = (): Promise<Encoder> => {
    const encoder = new Encoder()
    if (topics === ALL_TOPICS) {
      encoder.writeInt32(request.apiVersion >= VERSION_WITH_NULL ? NULL_LENGTH : 0)
    } else {
      encoder.writeInt32(topics.length)
      for (const topic of topics) encoder.writeString(topic)
    }
    if (request.apiVersion >= VERSION_WITH_AUTO_CREATION) encoder.writeBoolean(mayCreate)
    return Promise.resolve(encoder)
  }
  return { request: { ...request, encode }, response }
}
