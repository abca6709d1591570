/**
 * Converts errors of kafkajs to librdkafka's error numbers. kafkajs wraps errors in others whose names say nothing about
 * the cause, so the innermost error with a known name or code decides.
 */
import { RDKAFKA } from '../delivery-errors.ts'

/** Errors of name resolution (getaddrinfo). */
const RESOLVE_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME'])
/** Errors of TLS: Node's own, OpenSSL's, and those of certificate verification. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_C|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/
/** Kafka's error codes for refused credentials and mechanisms in SASL answers. */
const AUTHENTICATION_CODES = new Set([33, 34, RDKAFKA.saslAuthenticationFailed])

/** kafkajs also reports a refusal when the connection ends while the broker checks the credentials. */
const LOST_MEANWHILE =
  / failed: (Closed connection|Connection error:|Connection closed by|Not connected|Request \w+\(.*timed out)/

/** Returns librdkafka's number for any error of kafkajs: positive from the broker, otherwise local. */
export function classify(error: unknown): number {
  for (const cause of causes(error).toReversed()) {
    const { name } = cause
    const code = 'code' in cause ? cause.code : undefined
    if (name === 'TokenError') return RDKAFKA.authentication
    if (name === 'UnreadCodecError') return RDKAFKA.unsupportedCompressionType
    if (name === 'KafkaJSSASLAuthenticationError') {
      return LOST_MEANWHILE.test(cause.message)
        ? RDKAFKA.brokerTransportFailure
        : RDKAFKA.authentication
    }
    if (name === 'KafkaJSRequestTimeoutError') return RDKAFKA.timedOut
    if (typeof code === 'number' && name === 'KafkaJSProtocolError') {
      return AUTHENTICATION_CODES.has(code) ? RDKAFKA.authentication : code
    }
    if (typeof code === 'string' && RESOLVE_CODES.has(code)) return RDKAFKA.resolve
    if (typeof code === 'string' && TLS_CODE.test(code)) return RDKAFKA.ssl
  }
  return RDKAFKA.brokerTransportFailure
}

/** The text that kafkajs adds before the message of an error. */
const PREFIX = /^Connection error: /
/** The text that OpenSSL adds around the reason. */
const OPENSSL = /:SSL routines:[^:]*:([^:]+)/

/** The message of the innermost error, for the log. */
export function reasonOf(error: unknown): string {
  const innermost = causes(error).at(-1)
  if (!innermost) return String(error)
  if (innermost.name === 'KafkaJSConnectionClosedError') return 'the broker closed the connection'
  const text = innermost.message.replace(PREFIX, '')
  const [, message = text] = OPENSSL.exec(text) ?? []
  // If every address of a host failed, Node's error has only a code and no message.
  const isWordless = message === '' || message.endsWith(': ')
  return isWordless && 'code' in innermost && typeof innermost.code === 'string'
    ? `${message}${innermost.code}`
    : message
}

/** The error and its causes, outermost first. */
export function causes(error: unknown): readonly Error[] {
  const chain: Error[] = []
  for (let cause = error; cause instanceof Error && !chain.includes(cause); cause = cause.cause) {
    chain.push(cause)
  }
  return chain
}
