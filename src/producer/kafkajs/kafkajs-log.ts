/** Forwards kafkajs's log lines, without fields that may hold payloads or secrets. */
import { logLevel, type logCreator } from 'kafkajs'
import { HANGING_UP } from './sockets.ts'

/** The log function of the transport. */
export type TransportLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void

/** The only fields of a kafkajs line that are kept. */
const FIELDS = ['broker', 'error', 'apiName', 'correlationId', 'size', 'retryCount'] as const

/**
 * Lines at level debug: kprf logs these failures once and with advice, where kafkajs logs them three times per
 * connection; and connections that kprf closes on purpose.
 */
const SAID_ELSEWHERE = new RegExp(
  `${HANGING_UP}|\\b(TLS|SSL|SASL|certificate|altnames)\\b|Response Sasl|does not read zstd`,
  'i',
)

/** Makes the log creator for kafkajs. */
export function kafkajsLogCreator(log: TransportLog): logCreator {
  return () =>
    ({ level, namespace, log: entry }) => {
      const component = namespace ? `kafkajs ${namespace}` : 'kafkajs'
      const fields: Record<string, unknown> = { component }
      for (const field of FIELDS) if (entry[field] !== undefined) fields[field] = entry[field]
      const words = wordsOf(entry.message)
      log(SAID_ELSEWHERE.test(words) ? 'debug' : (LEVELS.get(level) ?? 'info'), words, fields)
    }
}

/** kafkajs sometimes logs an error object where its types declare a string. */
function wordsOf(message: unknown): string {
  return message instanceof Error ? message.message : String(message)
}

/** An error of kafkajs is mostly one failed attempt that will be repeated. */
const LEVELS = new Map<logLevel, 'warn' | 'info' | 'debug'>([
  [logLevel.ERROR, 'warn'],
  [logLevel.WARN, 'warn'],
  [logLevel.INFO, 'info'],
  [logLevel.DEBUG, 'debug'],
])
