/**
 * Addresses of Kafka brokers, in the format of librdkafka's `bootstrap.servers`: `[PROTOCOL://]host[:port]`,
 * several per text, separated by commas.
 */
import { isIPv6 } from 'node:net'

/** One address of `kafka.brokers`. */
export interface Broker {
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string
  /** The part before `://`, in lower case. */
  readonly protocol: string | undefined
}

/** Kafka's own port, used if none is given. */
const DEFAULT_PORT = 9092

const ADDRESS = /^(?:(?<protocol>[a-z_]+):\/\/)?(?<rest>[^/\s]+)$/i
const BRACKETED = /^\[(?<host>[^\]]+)\](?::(?<port>\d{1,5}))?$/
const NAMED = /^(?<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?)(?::(?<port>\d{1,5}))?$/i

/** Parses one address; undefined if it is not valid. */
export function parseBroker(text: string): Broker | undefined {
  const { protocol, rest = '' } = ADDRESS.exec(text)?.groups ?? {}
  const address = isIPv6(rest) ? `[${rest}]:${DEFAULT_PORT}` : parseHostPort(rest)
  return address === undefined ? undefined : { address, protocol: protocol?.toLowerCase() }
}

function parseHostPort(text: string): string | undefined {
  const bracketed = BRACKETED.exec(text)?.groups
  const { host, port = String(DEFAULT_PORT) } = bracketed ?? NAMED.exec(text)?.groups ?? {}
  if (host === undefined || (bracketed && !isIPv6(host))) return undefined
  const isPort = Number(port) >= 1 && Number(port) <= 65535
  return isPort ? `${bracketed ? `[${host}]` : host}:${Number(port)}` : undefined
}

/** Splits lists at commas and drops empty items, as librdkafka does. */
export function splitBrokers(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

/** Parses valid texts into brokers, in their order. */
export function parseBrokers(texts: readonly string[]): Broker[] {
  const brokers = splitBrokers(texts).map((text) => parseBroker(text))
  return brokers.filter((broker) => broker !== undefined)
}

/** `host:port` of each broker, without duplicates. */
export function brokerAddresses(texts: readonly string[]): string[] {
  return [...new Set(parseBrokers(texts).map(({ address }) => address))]
}
