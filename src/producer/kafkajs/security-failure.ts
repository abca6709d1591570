/**
 * Detects failures of credentials and of TLS, and describes them for operators: the reason, and what to check. Real
 * brokers report little, and often only close the connection.
 */
import { RDKAFKA } from '../delivery-errors.ts'
import { TokenError } from '../security/bearer-token.ts'
import { OWN_CERTIFICATE_INVALID } from '../security/validity.ts'
import type { Availability } from '../transport.ts'
import { causes, classify, reasonOf } from './classify.ts'
import { HANDSHAKE_CUT, TLS_EXPECTED } from './sockets.ts'

/** A security failure between kprf and a broker. */
export interface SecurityFailure {
  /** `token`: there is no token to send. */
  readonly kind: 'credentials' | 'tls' | 'token'
  /** The reason, without secrets. */
  readonly reason: string
  /** What to check. */
  readonly check: string
}

/** The availability of Kafka after such a failure. */
export const AVAILABILITY_AFTER = {
  credentials: 'authenticationFailed',
  tls: 'tlsFailed',
  token: 'tokenMissing',
} as const satisfies Record<SecurityFailure['kind'], Availability>

const UNSUPPORTED_MECHANISM = 33
const NO_SASL_HERE = 34

const PROTOCOL_AND_PORT = 'kafka.security_protocol, and the ports in kafka.brokers'
const NO_SASL_ON_PORT =
  'this port has no SASL, and kprf uses it when kafka.user and kafka.password are set: remove both, and a kafka.security_protocol with sasl; or write a port with SASL into kafka.brokers'
const AUTHORITY =
  'kafka.ssl.ca_file: it must hold the authority that signed the certificate of the brokers'
const CLIENT_CERTIFICATE =
  'kafka.ssl.cert_file and kafka.ssl.key_file: the broker requires a client certificate, signed by an authority that it trusts'

/** By Node's error codes; the first match counts. */
const TLS_CHECKS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^(${HANDSHAKE_CUT}|${TLS_EXPECTED}|EPROTO|.*WRONG_VERSION)`), PROTOCOL_AND_PORT],
  [
    /ALTNAME|HOSTNAME/,
    "the host names in kafka.brokers and in the brokers' advertised.listeners: the certificate must have them",
  ],
  [
    new RegExp(OWN_CERTIFICATE_INVALID),
    'kafka.ssl.cert_file: put a valid certificate and its key there; kprf needs no restart',
  ],
  [
    /ALERT_CERTIFICATE_EXPIRED/,
    'kafka.ssl.cert_file: the broker says that this certificate has expired; and the clocks of both machines',
  ],
  [
    /EXPIRED|NOT_YET_VALID/,
    "the certificates of the brokers and of their authorities (kafka.ssl.ca_file), and this machine's clock",
  ],
  [/REVOKED|CRL/, 'kafka.properties.ssl.crl.location, and the certificate of the brokers'],
  [
    /ALERT_(BAD_CERT|CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERT|HANDSHAKE|DECRYPT)/,
    CLIENT_CERTIFICATE,
  ],
  [/UNABLE_TO|SELF_SIGNED|INVALID_CA|PATH_LENGTH|CERT/, AUTHORITY],
]

/** Describes an error of kafkajs or a token source, if it is a security failure. */
export function securityFailureOf(error: unknown): SecurityFailure | undefined {
  const chain = causes(error)
  const missing = chain.find((cause) => cause instanceof TokenError)
  if (missing) {
    return {
      kind: 'token',
      reason: missing.message,
      check: 'the token endpoint, and kafka.properties.sasl.oauthbearer.client.id and its secret',
    }
  }
  const codes = chain.flatMap((cause) => ('code' in cause ? [cause.code] : []))
  switch (classify(error)) {
    case RDKAFKA.authentication:
      return { kind: 'credentials', reason: plainly(error), check: checkCredentials(error, codes) }
    case RDKAFKA.ssl:
      return { kind: 'tls', reason: plainly(error), check: checkTls(codes) }
    default:
      return undefined
  }
}

function checkCredentials(error: unknown, codes: readonly unknown[]): string {
  if (codes.includes(NO_SASL_HERE)) return NO_SASL_ON_PORT
  if (codes.includes(UNSUPPORTED_MECHANISM)) {
    return 'kafka.sasl_mechanism: the brokers must have it in sasl.enabled.mechanisms'
  }
  return reasonOf(error).includes('OAUTHBEARER')
    ? 'the token: its issuer, audience, scope and expiry must be what the brokers expect'
    : 'kafka.user and kafka.password, and that the brokers know this user for this mechanism'
}

function checkTls(codes: readonly unknown[]): string {
  const code = codes.findLast((one) => typeof one === 'string') ?? ''
  return TLS_CHECKS.find(([pattern]) => pattern.test(code))?.[1] ?? PROTOCOL_AND_PORT
}

/** The message of the error without the text that libraries add. */
function plainly(error: unknown): string {
  return reasonOf(error).replace(/; if the root CA is installed.*/s, '')
}
