import type { Socket } from 'node:net'
import type { ApiVersions, Connection } from 'kafkajs/src/broker/index.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import {
  requests,
  type Definition,
  type ProtocolRequest,
} from 'kafkajs/src/protocol/requests/index.js'
import type { Clock } from '../../base/clock.ts'
import { PRODUCE_VERSIONS } from './produce-answer.ts'
import { SocketEnd } from './sockets.ts'

const UNSUPPORTED_VERSION = 35

/** The kinds of requests whose versions kprf checks. */
type ApiName = 'Produce' | 'Metadata' | 'InitProducerId' | 'SaslHandshake'

/** Dependencies of {@link VersionsByConnection}. */
export interface VersionsDependencies {
  readonly clock: Clock
  /** `host:port`, for error messages. */
  readonly broker: string
  /** Timeout of an answer, ms. */
  readonly timeoutMs: number
}

/**
 * The API versions of a broker, requested on every connection and valid for that connection only. kafkajs keeps the
 * answer of the first broker for all brokers and for ever, so that one wrong answer, or a broker older than the
 * first, would stop all deliveries.
 */
export class VersionsByConnection {
  readonly #dependencies: VersionsDependencies
  /** By socket, because a renewed connection has another socket. */
  readonly #bySocket = new WeakMap<Socket, Promise<ApiVersions>>()

  constructor(dependencies: VersionsDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Returns the API versions on an open connection, and requests them the first time.
   *
   * @throws Error if the broker does not answer in time, or its answer is not usable; the connection is then
   * closed.
   */
  on(connection: Connection): Promise<ApiVersions> {
    const { socket } = connection
    if (!socket) return Promise.reject(new Error('the connection was lost'))
    const known = this.#bySocket.get(socket)
    if (known) return known
    const asked = this.#ask(connection, socket)
    this.#bySocket.set(socket, asked)
    return asked
  }

  /**
   * Makes a request for an open connection in the highest version that both sides support.
   *
   * @throws Error for operators if there is none.
   */
  async request<Options, Answer>(
    connection: Connection,
    name: 'Metadata' | 'InitProducerId',
    definition: Definition<Options, Answer>,
    options: Options,
  ): Promise<ProtocolRequest<Answer>> {
    const version = this.#best(name, await this.on(connection))
    return definition.protocol({ version })(options)
  }

  /**
   * Returns the version of Produce for an open connection.
   *
   * @throws Error for operators if there is none that both sides support.
   */
  async produceVersion(connection: Connection): Promise<number> {
    return this.#best('Produce', await this.on(connection))
  }

  async #ask(connection: Connection, socket: Socket): Promise<ApiVersions> {
    const { clock, broker, timeoutMs } = this.#dependencies
    const cancelTimer = clock.schedule(timeoutMs, () => {
      socket.destroy(new SocketEnd('timeout', `${broker} did not report its API versions in time`))
    })
    try {
      const versions = await askApiVersions(connection)
      this.#best('Produce', versions)
      this.#best('Metadata', versions)
      if (connection.sasl) this.#best('SaslHandshake', versions)
      connection.setVersions(versions)
      connection.setSupportAuthenticationProtocol(apiKeys.SaslAuthenticate in versions)
      return versions
    } catch (error) {
      // On another connection, the answer may be different.
      socket.destroy(new SocketEnd('intended', 'the API versions of the broker are not known'))
      throw error
    } finally {
      cancelTimer()
    }
  }

  #best(name: ApiName, versions: ApiVersions): number {
    const { broker } = this.#dependencies
    const known = name === 'Produce' ? PRODUCE_VERSIONS : requests[name].versions.map(Number)
    const oldest = Math.min(...known)
    const newest = Math.max(...known)
    const offered = versions[apiKeys[name]]
    if (!offered) {
      throw new Error(
        `${broker} reports that it does not support ${name} requests; kprf asks again on another connection. If this ` +
          'lasts, check that the address is a broker and not a KRaft controller, and check the proxies in between',
      )
    }
    const { minVersion, maxVersion } = offered
    const best = Math.min(newest, maxVersion)
    if (best < Math.max(oldest, minVersion)) {
      const isOld = maxVersion < oldest
      throw new Error(
        `${broker} supports versions ${minVersion} to ${maxVersion} of ${name} requests, and kprf sends ` +
          `${oldest} to ${newest}: ${isOld ? 'upgrade the broker to Kafka 0.11 or later' : 'upgrade kprf'}`,
      )
    }
    return best
  }
}

/** Asks in the newest version of ApiVersions that the broker supports. */
async function askApiVersions(connection: Connection): Promise<ApiVersions> {
  const { ApiVersions } = requests
  for (const version of ApiVersions.versions.map(Number).sort((one, other) => other - one)) {
    try {
      const { apiVersions } = await connection.send(ApiVersions.protocol({ version })({}))
      return Object.fromEntries(apiVersions.map(({ apiKey, ...range }) => [apiKey, range]))
    } catch (error) {
      if (!isUnsupported(error)) throw error
    }
  }
  throw new Error('it does not support ApiVersions requests')
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNSUPPORTED_VERSION
}
