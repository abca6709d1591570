import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ApiVersions, Connection, ConnectionPool } from 'kafkajs/src/broker/index.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import {
  requests,
  type Definition,
  type OffsetsWanted,
  type ProtocolRequest,
  type RawConfigs,
  type RawOffsets,
} from 'kafkajs/src/protocol/requests/index.js'
import type { Clock } from '../../../base/clock.ts'
import type { TokenSource } from '../../security/bearer-token.ts'
import { VersionsByConnection } from '../api-versions.ts'
import { decodeOrDestroy } from '../framing.ts'
import { withTopics } from '../metadata-request.ts'
import { SocketEnd } from '../sockets.ts'
import {
  describedMetadata,
  VERSION_WITH_OPERATIONS,
  type DescribedMetadata,
} from './described-metadata.ts'

/** Kafka's kinds of things that have configuration. */
export const RESOURCE = { topic: 2, broker: 4 } as const

/** Configuration values by their keys. */
export type ConfigValues = ReadonlyMap<string, string>

/** What is known of the TLS of a connection. */
export interface TlsFacts {
  /** `TLSv1.3`. */
  readonly protocol: string
  readonly subject: string
  readonly issuer: string
  readonly validFromMs: number
  readonly validToMs: number
}

/** A record that is younger than asked for. */
export interface FoundRecord {
  readonly topic: string
  readonly partition: number
  readonly timestampMs: number
}

/** What a {@link Probe} works with. */
export interface ProbeOptions {
  /** `host:port`, for messages. */
  readonly address: string
  readonly pool: ConnectionPool
  readonly tokens: TokenSource | undefined
  readonly clock: Clock
  /** How long each step may take, ms. */
  readonly timeoutMs: number
}

/**
 * One connection to one address, which is taken step by step: connect, API versions, SASL, questions. Each step ends in
 * time, and throws the error of kafkajs, of TLS or of the socket. Nothing is written, and no topic is created.
 */
export class Probe {
  readonly #options: ProbeOptions
  readonly #connection: Connection
  readonly #versions: VersionsByConnection
  #tls: TlsFacts | undefined

  constructor(options: ProbeOptions) {
    this.#options = options
    const [connection] = options.pool.pool
    if (connection === undefined) throw new Error('kafkajs made no connection')
    this.#connection = connection
    const { clock, address: broker, timeoutMs } = options
    this.#versions = new VersionsByConnection({ clock, broker, timeoutMs: 2 * timeoutMs })
  }

  /** TCP, and the handshake of TLS if it is used. */
  async connect(): Promise<void> {
    await this.#inTime(this.#connection.connect())
    this.#tls = tlsFactsOf(this.#connection.socket)
  }

  /** What the handshake of TLS has shown; `undefined` without TLS. */
  get tls(): TlsFacts | undefined {
    return this.#tls
  }

  /** The versions of requests that the broker serves. Throws if kprf cannot work with them. */
  apiVersions(): Promise<ApiVersions> {
    return this.#inTime(this.#versions.on(this.#connection))
  }

  /** Lowest and highest version of the requests that kprf needs, as text. */
  async servedVersions(): Promise<string> {
    const versions = await this.apiVersions()
    const names = ['Produce', 'Metadata'] as const
    return names
      .map((name) => {
        const { minVersion = 0, maxVersion = 0 } = versions[apiKeys[name]] ?? {}
        return `${name} ${minVersion} to ${maxVersion}`
      })
      .join(', ')
  }

  /** Asks whether the broker takes a SASL mechanism. It may close the connection after this. */
  async saslOffer(
    mechanism: string,
  ): Promise<{ readonly errorCode: number; readonly mechanisms: readonly string[] }> {
    const { errorCode, enabledMechanisms } = await this.#ask('SaslHandshake', (version) =>
      requests.SaslHandshake.protocol({ version })({ mechanism }),
    )
    return { errorCode, mechanisms: enabledMechanisms }
  }

  /** Gets a token, if that is needed. */
  async token(): Promise<void> {
    if (this.#options.tokens) await this.#inTime(this.#options.tokens.token())
  }

  /** Authenticates with SASL. */
  async authenticate(): Promise<void> {
    await this.#inTime(this.#connection.authenticate())
  }

  /** The cluster and these topics, and what kprf may do with them where the broker says so. */
  async metadata(topics: readonly string[]): Promise<DescribedMetadata> {
    const { maxVersion = 0 } = (await this.apiVersions())[apiKeys.Metadata] ?? {}
    if (maxVersion >= VERSION_WITH_OPERATIONS) return await this.#send(describedMetadata(topics))
    const answer = await this.#ask('Metadata', (version) =>
      withTopics(requests.Metadata.protocol({ version })({ topics }), topics, false),
    )
    return { ...answer, operations: new Map() }
  }

  /** These configuration values of a topic or broker; `undefined` where kprf may not read them. */
  async configs(
    type: number,
    name: string,
    configNames: readonly string[],
  ): Promise<ConfigValues | undefined> {
    const answer: RawConfigs = await this.#ask('DescribeConfigs', (version) =>
      requests.DescribeConfigs.protocol({ version })({
        resources: [{ type, name, configNames }],
      }),
    )
    const [resource] = answer.resources
    if (resource?.errorCode !== 0) return undefined
    const entries = resource.configEntries.flatMap(({ configName, configValue }) =>
      configValue === null ? [] : [[configName, configValue] as const],
    )
    return new Map(entries)
  }

  /** Records of these partitions that are younger than this time: the first of each, without reading it. */
  async recordsAfter(
    timestampMs: number,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<readonly FoundRecord[]> {
    const wanted: OffsetsWanted = {
      topics: [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, members]) => ({
        topic,
        partitions: members.map(({ partition }) => ({ partition, timestamp: timestampMs })),
      })),
    }
    const answer: RawOffsets = await this.#ask('ListOffsets', (version) =>
      requests.ListOffsets.protocol({ version })(wanted),
    )
    return answer.responses.flatMap((response) =>
      response.partitions.flatMap(({ partition, errorCode, timestamp = '-1' }) =>
        errorCode === 0 && Number(timestamp) >= timestampMs
          ? [{ topic: response.topic, partition, timestampMs: Number(timestamp) }]
          : [],
      ),
    )
  }

  close(): void {
    this.#connection.socket?.destroy(new SocketEnd('intended', 'the probe is done'))
  }

  /** Asks in the highest version that both sides know. */
  async #ask<Name extends keyof typeof requests, Answer>(
    name: Name & keyof typeof apiKeys,
    make: (version: number) => ProtocolRequest<Answer>,
  ): Promise<Answer> {
    const definition: Pick<Definition<never, never>, 'versions'> = requests[name]
    const versions = await this.apiVersions()
    const { minVersion = 0, maxVersion = -1 } = versions[apiKeys[name]] ?? {}
    const known = definition.versions.map(Number)
    const best = Math.max(...known.filter((one) => one >= minVersion && one <= maxVersion))
    if (!Number.isFinite(best))
      throw new Error(`the broker serves no ${name} request that kprf knows`)
    return await this.#send(make(best))
  }

  /** kafkajs would throw the first error of an answer, and drop the rest. */
  #send<Answer>({ request, response }: ProtocolRequest<Answer>): Promise<Answer> {
    const connection = this.#connection
    const sent = connection.send<Answer>({
      request,
      response: {
        decode: (payload) => decodeOrDestroy(connection, payload, response.decode),
        parse: (answer) => Promise.resolve(answer),
      },
    })
    return this.#inTime(sent)
  }

  async #inTime<Result>(step: Promise<Result>): Promise<Result> {
    const { clock, timeoutMs } = this.#options
    const { promise: timedOut, reject } = Promise.withResolvers<never>()
    const cancelTimer = clock.schedule(timeoutMs, () => {
      const error = new SocketEnd('timeout', `no answer within ${timeoutMs} ms`)
      reject(error)
      this.#connection.socket?.destroy(error)
    })
    try {
      return await Promise.race([step, timedOut])
    } finally {
      cancelTimer()
    }
  }
}

/** To be called while the connection is open: later, Node.js 22 knows nothing of its certificate. */
function tlsFactsOf(socket: Socket | undefined): TlsFacts | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return undefined
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    subject: inOneLine(certificate.subject),
    issuer: inOneLine(certificate.issuer),
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  }
}

function inOneLine(name: string): string {
  return name.replaceAll('\n', ', ')
}
