/** What a broker knows about the client of a connection. */
import type { Authenticator } from './sasl/authenticator.ts'

/** The principal of a client that did not authenticate, as Kafka names it. */
const ANONYMOUS = 'ANONYMOUS'

/** What is known when a connection begins. */
export interface SessionOptions {
  readonly clientHost: string
  /** Aborted when the connection is gone. */
  readonly closed: AbortSignal
  /** Absent on a listener without SASL. */
  readonly authenticator: Authenticator | undefined
  /** Common name of the client's certificate, if it sent one. */
  readonly certificateName: string | undefined
}

/** One connection, to the code that serves its requests. */
export class Session {
  readonly clientHost: string
  /** Aborted when the connection closes, so that no request waits on its behalf. */
  readonly closed: AbortSignal
  readonly authenticator: Authenticator | undefined
  readonly #certificateName: string | undefined

  constructor({ clientHost, closed, authenticator, certificateName }: SessionOptions) {
    this.clientHost = clientHost
    this.closed = closed
    this.authenticator = authenticator
    this.#certificateName = certificateName
  }

  /** Whether the client may do more than authenticate. */
  get isAdmitted(): boolean {
    return this.authenticator === undefined || this.authenticator.principal !== undefined
  }

  /** The SASL user name, or the common name of the client's certificate, or `ANONYMOUS`. */
  get principal(): string {
    return this.authenticator?.principal ?? this.#certificateName ?? ANONYMOUS
  }
}
