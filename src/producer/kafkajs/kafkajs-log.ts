/** Passes kafkajs's log lines on, without what may hold payloads or secrets. */
import { logLevel, type logCreator } from 'kafkajs'
import { HANGING_UP } from './sockets.ts'

/** Where the transport writes its log. */
export type TransportLog = (
  level: 'error' | 'warn' | 'info' | 'debug',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void

/** The only fields of a kafkajs line that are kept. */
const FIELDS = ['broker', 'error', 'apiName', 'correlationId', 'size', 'retryCount'] as const

/**
 * What kprf says itself, once and with what to look at, where kafkajs says it three times for each connection;
 * and connections that kprf ends for good reasons.
 */
const SAID_ELSEWHERE = new RegExp(
  `${HANGING_UP}|\\b(TLS|SSL|SASL|certificate|altnames)\\b|Response Sasl`,
  'i',
)

/** Makes the log sink that kafkajs asks for. */
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

/** kafkajs sometimes logs an error where its types say a text. */
function wordsOf(message: unknown): string {
  return message instanceof Error ? message.message : String(message)
}

/** What is an error to kafkajs is mostly one attempt that failed and will be repeated. */
const LEVELS = new Map<logLevel, 'warn' | 'info' | 'debug'>([
  [logLevel.ERROR, 'warn'],
  [logLevel.WARN, 'warn'],
  [logLevel.INFO, 'info'],
  [logLevel.DEBUG, 'debug'],
])
