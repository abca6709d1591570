/** Forwards kafkajs's log lines, without fields that may hold payloads or secrets. */
import type { logCreator } from 'kafkajs'

/** The log function of the transport. */
export type TransportLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void

/** The only fields of a kafkajs line that are kept. */
const FIELDS = ['broker', 'error', 'apiName', 'correlationId', 'size', 'retryCount'] as const

/**
 * Makes the log creator for kafkajs. All lines get level debug, whatever level kafkajs gives them: kafkajs logs each
 * failed connection up to three times, while kprf logs once what is wrong and what to check.
 */
export function kafkajsLogCreator(log: TransportLog): logCreator {
  return () =>
    ({ namespace, log: entry }) => {
      const component = namespace ? `kafkajs ${namespace}` : 'kafkajs'
      const fields: Record<string, unknown> = { component }
      for (const field of FIELDS) if (entry[field] !== undefined) fields[field] = entry[field]
      log('debug', wordsOf(entry.message), fields)
    }
}

/** kafkajs sometimes logs an error object where its types declare a string. */
function wordsOf(message: unknown): string {
  return message instanceof Error ? message.message : String(message)
}
