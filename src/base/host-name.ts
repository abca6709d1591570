import { isIPv6 } from 'node:net'

/** What may stand in a `Host` header before the port: a name or an address, IPv6 in brackets. */
const NAME = /^(?:[a-z\d_][a-z\d._-]{0,252}|\[[\da-f:.]+\])$/

/**
 * Returns the one form of a host name or an IP address: in lower case, IPv6 shortened and in brackets, no dot at the
 * end.
 *
 * @param text - IPv6 with or without brackets, and no port.
 * @returns `undefined` if it is neither.
 */
export function canonicalHost(text: string): string | undefined {
  const name = isIPv6(text) ? `[${text.toLowerCase()}]` : text.toLowerCase()
  if (!NAME.test(name)) return undefined
  if (name.startsWith('[')) return URL.parse(`http://${name}`)?.hostname
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** Stands for every name under the one that follows it. */
export const ANY_LABEL = '*.'
