/** How kprf proves to brokers who it is, and how they prove it to kprf. Empty where not used. */
import type { SaslMechanism } from '../../base/kafka-names.ts'

/** TLS to brokers. Each field is fed by the librdkafka property of {@link TLS_PROPERTIES}. */
export interface TlsSettings {
  /** A file, or a directory whose files hold certificates; PEM. Without any, Node's own authorities count. */
  readonly caLocation: string
  /** The same as text. Of each thing there is a file or a text, not both. */
  readonly caPem: string
  /** Client certificate, those between it and its authority behind it; PEM. */
  readonly certificateLocation: string
  readonly certificatePem: string
  /** Its private key; PEM. */
  readonly keyLocation: string
  readonly keyPem: string
  readonly keyPassword: string
  /** Client certificate and key in one file, instead of the above; PKCS#12. */
  readonly keystoreLocation: string
  readonly keystorePassword: string
  /** Certificates that their authority has taken back; PEM. */
  readonly crlLocation: string
  /** In OpenSSL's words, separated by colons. */
  readonly cipherSuites: string
  readonly curvesList: string
  readonly sigalgsList: string
  /** Whether a broker's certificate must name the host that was connected to. @defaultValue `https` */
  readonly endpointIdentification: 'https' | 'none'
  /** Whether a broker's certificate is looked at at all. @defaultValue true */
  readonly isCertificateVerified: boolean
}

/** What each field of {@link TlsSettings} is called in the configuration, for messages. */
export type TlsKeys = Readonly<Record<keyof TlsSettings, string>>

/** The names of librdkafka. */
export const TLS_PROPERTIES: TlsKeys = {
  caLocation: 'ssl.ca.location',
  caPem: 'ssl.ca.pem',
  certificateLocation: 'ssl.certificate.location',
  certificatePem: 'ssl.certificate.pem',
  keyLocation: 'ssl.key.location',
  keyPem: 'ssl.key.pem',
  keyPassword: 'ssl.key.password',
  keystoreLocation: 'ssl.keystore.location',
  keystorePassword: 'ssl.keystore.password',
  crlLocation: 'ssl.crl.location',
  cipherSuites: 'ssl.cipher.suites',
  curvesList: 'ssl.curves.list',
  sigalgsList: 'ssl.sigalgs.list',
  endpointIdentification: 'ssl.endpoint.identification.algorithm',
  isCertificateVerified: 'enable.ssl.certificate.verification',
}

/** SASL, by `sasl.mechanism`. */
export type SaslSettings = PasswordSettings | BearerSettings

/** A user name and a password. */
export interface PasswordSettings {
  readonly mechanism: Exclude<SaslMechanism, 'oauthbearer'>
  /** `sasl.username`. */
  readonly username: string
  /** `sasl.password`. */
  readonly password: string
}

/** A token. */
export interface BearerSettings {
  readonly mechanism: 'oauthbearer'
  /** Where it comes from: `sasl.oauthbearer.method`. */
  readonly source: StaticTokenSettings | UnsecuredTokenSettings | OidcSettings
  /** `sasl.oauthbearer.extensions`, sent beside the token (KIP-342). @defaultValue none */
  readonly extensions: Readonly<Record<string, string>>
}

/** One token for as long as the process lives. */
export interface StaticTokenSettings {
  readonly method: 'static'
  readonly token: string
}

/** Tokens without a signature, which brokers take for trying things out only (RFC 7515, appendix A.5). */
export interface UnsecuredTokenSettings {
  readonly method: 'unsecured'
  /** What each token says beside its times. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly lifeSeconds: number
}

/** Tokens from a token endpoint, for a client id and its secret (RFC 6749, section 4.4). */
export interface OidcSettings {
  readonly method: 'oidc'
  /** `sasl.oauthbearer.token.endpoint.url`, which {@link tokenEndpoint} has approved. */
  readonly tokenEndpointUrl: string
  /** `sasl.oauthbearer.client.id`. */
  readonly clientId: string
  /** `sasl.oauthbearer.client.secret`. */
  readonly clientSecret: string
  /** `sasl.oauthbearer.scope`. @defaultValue empty: what the endpoint gives unasked */
  readonly scope: string
  /** `sasl.oauthbearer.sub.claim.name`. @defaultValue `sub` */
  readonly subClaimName: string
  /** What `https.ca.location` or `https.ca.pem` hold; `undefined` for the authorities that Node knows. */
  readonly ca: readonly string[] | undefined
}
