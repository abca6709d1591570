/** Types of kafkajs's requests and answers, which are not published either. */

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize?: number)
    readonly buffer: Buffer
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeString(value: string | null): this
    writeBytes(value: Buffer): this
    writeBoolean(value: boolean): this
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer)
    readInt16(): number
    readInt32(): number
    readInt64(): bigint
    readBoolean(): boolean
    readString(): string | null
    readArray<Element>(read: () => Element): Element[]
  }
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: {
    readonly Produce: number
    readonly Metadata: number
    readonly InitProducerId: number
    readonly SaslHandshake: number
    readonly SaslAuthenticate: number
    readonly DescribeConfigs: number
    readonly ListOffsets: number
  }
  export default apiKeys
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { RawMetadata } from 'kafkajs/src/broker/index.js'
  import type Encoder from 'kafkajs/src/protocol/encoder.js'

  export interface ProtocolRequest<Answer> {
    readonly request: {
      readonly apiVersion: number
      readonly expectResponse?: () => boolean
      encode(): Promise<Encoder>
    }
    readonly response: {
      readonly decode: (data: Buffer) => Promise<Answer>
      readonly parse: (data: Answer) => Promise<Answer>
    }
  }

  /** All versions of one request, with inferred type parameters. */
  export interface Definition<Options, Answer> {
    readonly versions: readonly string[]
    protocol(options: { version: number }): (options: Options) => ProtocolRequest<Answer>
  }

  export interface RawProduceResponse {
    readonly throttleTime: number
    readonly topics: readonly []
  }

  export interface RawInitProducerIdResponse {
    readonly errorCode: number
    readonly producerId: string
    readonly producerEpoch: number
  }

  export interface RawApiVersionsResponse {
    readonly apiVersions: readonly {
      readonly apiKey: number
      readonly minVersion: number
      readonly maxVersion: number
    }[]
  }

  export interface RawSaslHandshake {
    readonly errorCode: number
    readonly enabledMechanisms: readonly string[]
  }

  export interface RawConfigs {
    readonly resources: readonly {
      readonly errorCode: number
      readonly resourceName: string
      readonly configEntries: readonly {
        readonly configName: string
        readonly configValue: string | null
      }[]
    }[]
  }

  export interface RawOffsets {
    readonly responses: readonly {
      readonly topic: string
      readonly partitions: readonly {
        readonly partition: number
        readonly errorCode: number
        readonly timestamp?: string
        readonly offset?: string
      }[]
    }[]
  }

  export interface OffsetsWanted {
    readonly topics: readonly {
      readonly topic: string
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[]
    }[]
  }

  export interface ConfigsWanted {
    readonly resources: readonly {
      readonly type: number
      readonly name: string
      readonly configNames: readonly string[]
    }[]
  }

  export const requests: {
    readonly ApiVersions: Definition<object, RawApiVersionsResponse>
    readonly SaslHandshake: Definition<{ readonly mechanism: string }, RawSaslHandshake>
    readonly DescribeConfigs: Definition<ConfigsWanted, RawConfigs>
    readonly ListOffsets: Definition<OffsetsWanted, RawOffsets>
    readonly Metadata: Definition<{ topics: readonly string[] }, RawMetadata>
    readonly InitProducerId: Definition<{ transactionalId: null }, RawInitProducerIdResponse>
  }
}
