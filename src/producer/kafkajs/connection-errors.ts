/** Connection errors that kafkajs handles, and the likely causes of a closed connection. */
import kafkajs from 'kafkajs'
import { causes } from './classify.ts'

/** Wraps an error in kafkajs's connection error class, so that kafkajs drops the connection for every cause. */
export function asConnectionError(error: unknown, broker: string): Error {
  if (error instanceof Error && error.name === 'KafkaJSConnectionError') return error
  const words = error instanceof Error ? error.message : String(error)
  return Object.assign(new kafkajs.KafkaJSConnectionError(words, { broker }), { cause: error })
}

/** Whether the broker closed the connection, which is all that a broker with SASL does for a client without. */
export function isHangUp(error: unknown): boolean {
  return causes(error).some(
    (cause) =>
      cause.name === 'KafkaJSConnectionClosedError' ||
      ('code' in cause && cause.code === 'ERR_STREAM_WRITE_AFTER_END'),
  )
}

/**
 * An error with the likely cause if a broker closes the connection before its first answer. It omits the original
 * error, whose message would be logged instead.
 */
export function hungUp(broker: string, layer: 'SASL' | 'TLS'): Error {
  return new Error(
    `${broker} closed the connection at once; check security.protocol: it may need ${layer}, or no ${layer}`,
  )
}
