/**
 * Translates what kafkajs throws into librdkafka's error numbers. kafkajs wraps errors in others, and
 * the outermost name says nothing: the innermost error that means something decides.
 */
import { RDKAFKA } from '../delivery-errors.ts'

/** Errors of name resolution (getaddrinfo). */
const RESOLVE_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME'])
/** Errors of TLS: Node's own, OpenSSL's, and those of certificate verification. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|ERR_OSSL)/
/** Kafka's codes for credentials and mechanisms that it refuses, in SASL answers. */
const AUTHENTICATION_CODES = new Set([33, 34, RDKAFKA.saslAuthenticationFailed])

/** Gives the librdkafka number for anything that kafkajs throws: positive from the broker, else local. */
export function classify(error: unknown): number {
  for (const { name, code } of causes(error).reverse()) {
    if (name === 'KafkaJSSASLAuthenticationError') return RDKAFKA.authentication
    if (name === 'KafkaJSRequestTimeoutError') return RDKAFKA.timedOut
    if (typeof code === 'number' && name === 'KafkaJSProtocolError') {
      return AUTHENTICATION_CODES.has(code) ? RDKAFKA.authentication : code
    }
    if (typeof code === 'string' && RESOLVE_CODES.has(code)) return RDKAFKA.resolve
    if (typeof code === 'string' && TLS_CODE.test(code)) return RDKAFKA.ssl
  }
  return RDKAFKA.brokerTransportFailure
}

/** The error and its causes, outermost first. */
function causes(error: unknown): { name: string; code: unknown }[] {
  const chain: { name: string; code: unknown }[] = []
  const seen = new Set<unknown>()
  for (
    let current = error;
    current instanceof Error && !seen.has(current);
    current = current.cause
  ) {
    seen.add(current)
    chain.push({ name: current.name, code: 'code' in current ? current.code : undefined })
  }
  return chain
}

/** The words of the innermost error, for the log. */
export function reasonOf(error: unknown): string {
  let innermost = error
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause
  return innermost instanceof Error ? innermost.message : String(innermost)
}
