import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCluster, type KafkaCluster } from '../cluster/cluster.ts'
import { findFreePorts } from '../cluster/ports.ts'
import { setScramPassword } from '../cluster/scram-users.ts'
import type { ExtraListener } from '../cluster/server-properties.ts'
import { Authority, brokerKeystore, type Identity } from './certificates.ts'

const names = [
  'TLS',
  'MUTUAL_TLS',
  'EXPIRED_TLS',
  'FOREIGN_TLS',
  'SASL_CLEAR',
  'SASL_TLS',
  'SHORT_SESSIONS',
  'PLAIN_ONLY',
  'TOKENS_SIGNED',
] as const

/** Names of the listeners. */
export type ListenerName = (typeof names)[number]

/** The user whom every mechanism knows. */
export const USER = 'alice'
/** The user's password; it must never be in a log. */
export const PASSWORD = 'canary-password'
/** How long a session of SHORT_SESSIONS lasts without reauthentication. */
export const SESSION_MS = 2_000
const modules = 'org.apache.kafka.common.security'
const kid = 'key-1'
/** Who the tokens of TOKENS_SIGNED must say they are from. */
export const ISSUER = 'https://issuer.example'

/** One broker with a listener for each way to authenticate, and what clients need for them. */
export class SecureCluster {
  readonly kafka: KafkaCluster
  readonly authority: Authority
  /** The broker's certificate, on all listeners but those that have a wrong one. */
  readonly broker: Identity
  /** The client's certificate. */
  readonly client: Identity
  /** Signs the tokens that TOKENS_SIGNED takes. */
  readonly tokenKey: KeyObject
  readonly kid = kid
  readonly directory: string
  readonly #ports: ReadonlyMap<ListenerName, number>

  constructor(parts: {
    readonly kafka: KafkaCluster
    readonly authority: Authority
    readonly broker: Identity
    readonly client: Identity
    readonly tokenKey: KeyObject
    readonly directory: string
    readonly ports: ReadonlyMap<ListenerName, number>
  }) {
    this.kafka = parts.kafka
    this.authority = parts.authority
    this.broker = parts.broker
    this.client = parts.client
    this.tokenKey = parts.tokenKey
    this.directory = parts.directory
    this.#ports = parts.ports
  }

  /** @param overrides - server properties by their Kafka names. */
  static async start(overrides: Readonly<Record<string, string>> = {}): Promise<SecureCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'kprf-security-'))
    const authority = await Authority.create(join(directory, 'authority'))
    const [broker, expired, foreign, client] = await Promise.all([
      authority.issue('broker'),
      authority.issue('broker', { days: -1 }),
      authority.issue('broker', { names: 'DNS:elsewhere.example' }),
      authority.issue('client'),
    ])
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const keySet = join(directory, 'jwks.json')
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
    await writeFile(keySet, JSON.stringify({ keys: [jwk] }))
    const freePorts = await findFreePorts(names.length)
    const ports = new Map(names.map((name, index) => [name, freePorts[index] ?? 0]))
    const tls = async (identity: Identity): Promise<Readonly<Record<string, string>>> => ({
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': await brokerKeystore(identity),
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.certificate,
    })
    const listener = (
      name: ListenerName,
      protocol: ExtraListener['protocol'],
      properties: Readonly<Record<string, string>>,
    ) => ({ [name]: { protocol, port: ports.get(name) ?? 0, properties } })
    const proven = await tls(broker)
    const kafka = await startCluster({
      overrides,
      listeners: {
        ...listener('TLS', 'SSL', proven),
        ...listener('MUTUAL_TLS', 'SSL', { ...proven, 'ssl.client.auth': 'required' }),
        ...listener('EXPIRED_TLS', 'SSL', await tls(expired)),
        ...listener('FOREIGN_TLS', 'SSL', await tls(foreign)),
        ...listener('SASL_CLEAR', 'SASL_PLAINTEXT', everyMechanism),
        ...listener('SASL_TLS', 'SASL_SSL', { ...proven, ...everyMechanism }),
        ...listener('SHORT_SESSIONS', 'SASL_PLAINTEXT', {
          ...scram('SCRAM-SHA-512'),
          'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
          'connections.max.reauth.ms': String(SESSION_MS),
        }),
        ...listener('PLAIN_ONLY', 'SASL_PLAINTEXT', {
          ...plain,
          'sasl.enabled.mechanisms': 'PLAIN',
        }),
        ...listener('TOKENS_SIGNED', 'SASL_SSL', {
          ...proven,
          'sasl.enabled.mechanisms': 'OAUTHBEARER',
          'oauthbearer.sasl.jaas.config': `${modules}.oauthbearer.OAuthBearerLoginModule required;`,
          'oauthbearer.sasl.server.callback.handler.class': `${modules}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
          'sasl.oauthbearer.jwks.endpoint.url': `file://${keySet}`,
          'sasl.oauthbearer.expected.audience': 'kafka',
          'sasl.oauthbearer.expected.issuer': ISSUER,
        }),
      },
      javaProperties: { 'org.apache.kafka.sasl.oauthbearer.allowed.urls': `file://${keySet}` },
    })
    const [plainPort] = kafka.brokers.map(({ port }) => port)
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
      await setScramPassword(plainPort ?? 0, USER, PASSWORD, mechanism)
    }
    const tokenKey = privateKey
    return new SecureCluster({ kafka, authority, broker, client, tokenKey, directory, ports })
  }

  /** Address of a listener. */
  bootstrap(name: ListenerName): string {
    return `127.0.0.1:${this.#ports.get(name) ?? 0}`
  }

  /** Gives the user another password for SCRAM-SHA-512. */
  async setPassword(password: string): Promise<void> {
    const [broker] = this.kafka.brokers
    await setScramPassword(broker?.port ?? 0, USER, password, 'scram-sha-512')
  }

  async stop(): Promise<void> {
    await this.kafka.stop()
    await rm(this.directory, { recursive: true })
  }
}

const plain = {
  'plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
}

const scram = (mechanism: string): Readonly<Record<string, string>> => ({
  [`${mechanism.toLowerCase()}.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
})

/** The bearer tokens of these listeners need no signature. */
const everyMechanism = {
  ...plain,
  ...scram('SCRAM-SHA-256'),
  ...scram('SCRAM-SHA-512'),
  'oauthbearer.sasl.jaas.config': `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  'oauthbearer.sasl.server.callback.handler.class': `${modules}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
}
