import type { RawMetadata } from 'kafkajs/src/broker/index.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { ProtocolRequest } from 'kafkajs/src/protocol/requests/index.js'

/** The first version of Metadata that says whether topics may be created. */
const VERSION_WITH_AUTO_CREATION = 4

/**
 * The same Metadata request for these topics, of none if the list is empty: kafkajs would write null, which means all
 * topics.
 *
 * @param mayCreate - whether the broker may create missing topics; brokers before Kafka 0.11 are not asked.
 */
export function withTopics(
  { request, response }: ProtocolRequest<RawMetadata>,
  topics: readonly string[],
  mayCreate: boolean,
): ProtocolRequest<RawMetadata> {
  const encode = (): Promise<Encoder> => {
    const encoder = new Encoder().writeInt32(topics.length)
    for (const topic of topics) encoder.writeString(topic)
    if (request.apiVersion >= VERSION_WITH_AUTO_CREATION) encoder.writeBoolean(mayCreate)
    return Promise.resolve(encoder)
  }
  return { request: { ...request, encode }, response }
}
