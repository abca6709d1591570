/** Connection errors that kafkajs handles, and the likely causes of a failed connection. */
import { KafkaJSConnectionError } from 'kafkajs/src/errors.js'
import { RDKAFKA } from '../delivery-errors.ts'
import { causes, classify } from './classify.ts'
import { NOT_KAFKA } from './sockets.ts'

/** Wraps an error in kafkajs's connection error class, so that kafkajs drops the connection for every cause. */
export function asConnectionError(error: unknown, broker: string): Error {
  if (error instanceof Error && error.name === 'KafkaJSConnectionError') return error
  const words = error instanceof Error ? error.message : String(error)
  return Object.assign(new KafkaJSConnectionError(words, { broker }), { cause: error })
}

/** Errors of a connection that the other side has closed. */
const CLOSED = new Set<unknown>(['ERR_STREAM_WRITE_AFTER_END', 'ECONNRESET', 'EPIPE'])

/** Whether the broker closed the connection. A broker that requires SASL does just that to a client without SASL. */
export function isHangUp(error: unknown): boolean {
  return causes(error).some(
    (cause) =>
      cause.name === 'KafkaJSConnectionClosedError' || ('code' in cause && CLOSED.has(cause.code)),
  )
}

/**
 * An error with the likely cause if a broker closes the connection before its first answer. It omits the original
 * error, whose message would be logged instead.
 */
export function hungUp(broker: string, layer: 'SASL' | 'TLS' | 'clientCertificate'): Error {
  const check =
    layer === 'clientCertificate'
      ? 'it may require a client certificate, or not trust that of kprf (kafka.ssl.cert_file)'
      : `check kafka.security_protocol: it may need ${layer}, or no ${layer}`
  return new Error(`${broker} closed the connection at once; ${check}`)
}

/** What to check for an address that is not from `kafka.brokers`. */
export const ADVERTISED = "the brokers' advertised.listeners, where this address comes from"

/** Errors of a connection that was never established. */
const NO_CONNECTION = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EADDRNOTAVAIL)$/

/**
 * What to check after a connection failed, if the error shows it.
 *
 * @param isBootstrap - whether the address is from `kafka.brokers`; otherwise a broker reported it.
 */
export function connectionCheck(error: unknown, isBootstrap: boolean): string | undefined {
  const codes = causes(error).map((cause) => ('code' in cause ? cause.code : undefined))
  if (codes.includes(NOT_KAFKA)) {
    return isBootstrap
      ? 'the port in kafka.brokers: it must be a listener of a Kafka broker'
      : `${ADVERTISED}: its port must be a listener of a broker`
  }
  if (classify(error) === RDKAFKA.resolve) {
    return isBootstrap
      ? 'the host name in kafka.brokers: this machine cannot resolve it'
      : `${ADVERTISED}: this machine cannot resolve its host name`
  }
  if (codes.some((code) => typeof code === 'string' && NO_CONNECTION.test(code))) {
    return isBootstrap
      ? 'that the broker runs, and its address in kafka.brokers'
      : `that the broker runs; or ${ADVERTISED}: kprf must be able to reach it from this machine`
  }
  return undefined
}
