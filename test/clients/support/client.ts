/** What the matrix asks of a Kafka client that was written elsewhere. */

/** How a client is to connect. */
export interface Connection {
  readonly bootstrap: string
  /** Path of the authority's certificate, in PEM, for TLS. */
  readonly authorityPath?: string
  readonly sasl?: {
    readonly mechanism: string
    readonly username: string
    readonly password: string
  }
}

/** What is produced. */
export interface Production extends Connection {
  readonly topic: string
  readonly values: readonly string[]
  readonly compression?: string
  readonly isIdempotent?: boolean
}

/** What is consumed: everything from the beginning, until that many records have come. */
export interface Consumption extends Connection {
  readonly topic: string
  readonly count: number
  readonly groupId?: string
}

/** What a client may be able to do. */
export const capabilities = [
  'produce and consume',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
  'idempotent producer',
  'consumer group',
  'TLS',
  'SASL PLAIN',
  'SASL SCRAM-SHA-256',
  'SASL SCRAM-SHA-512',
  'SASL OAUTHBEARER',
  'SASL PLAIN over TLS',
] as const

export type Capability = (typeof capabilities)[number]

/** A client, as the matrix sees it. */
export interface KafkaClient {
  readonly name: string
  /** What of the list the client cannot do by itself, whatever the broker. */
  readonly lacks: readonly Capability[]
  /** Rejects, saying what to install, when the client is not there. */
  version(): Promise<string>
  produce(production: Production): Promise<void>
  /** Resolves to the values, in any order. */
  consume(consumption: Consumption): Promise<readonly string[]>
}

/** The lines of a program's output. */
export function linesOf(output: Buffer): readonly string[] {
  return output
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

/** Kafka's name for the kind of connection. */
export function protocolOf({ authorityPath, sasl }: Connection): string {
  const transport = authorityPath === undefined ? 'PLAINTEXT' : 'SSL'
  return sasl ? `SASL_${transport}` : transport
}
