/** Errors of connections that kafkajs is to act upon, and what a broker may mean that says nothing. */
import kafkajs from 'kafkajs'
import { causes } from './classify.ts'

/**
 * Of this class, so that kafkajs takes it for what it is, and drops the connection, whatever connecting failed for.
 */
export function asConnectionError(error: unknown, broker: string): Error {
  if (error instanceof Error && error.name === 'KafkaJSConnectionError') return error
  const words = error instanceof Error ? error.message : String(error)
  return Object.assign(new kafkajs.KafkaJSConnectionError(words, { broker }), { cause: error })
}

/** Brokers that want SASL say no more than this to a client without. */
export function isHangUp(error: unknown): boolean {
  return causes(error).some(
    (cause) =>
      cause.name === 'KafkaJSConnectionClosedError' ||
      ('code' in cause && cause.code === 'ERR_STREAM_WRITE_AFTER_END'),
  )
}

/**
 * What a broker may mean that hangs up before it has answered anything. Without the error that it was,
 * whose words would be the ones that are logged.
 */
export function hungUp(broker: string, wish: 'SASL' | 'TLS'): Error {
  return new Error(`${broker} hung up at once; it may want ${wish}, or none (security.protocol)`)
}
