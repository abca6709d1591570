/**
 * Identifies clients by address. One machine with IPv6 usually has a whole /64, so a /64 counts as one client. An
 * IPv4 client on an IPv6 socket counts by its IPv4 address.
 */

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** An IPv6 address has 8 groups of 16 bits; the first 4 are the network of the client. */
const GROUPS = 8
const NETWORK_GROUPS = 4

/** A request, or as much of one as says who sent it. */
export interface Received {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** Keyed by request, because those who ask for the address share no other object with those who know it. */
const FORWARDED = new WeakMap<Received, string>()

/** Tells who sent a request that came through a proxy. */
export function cameFrom(request: Received, address: string): void {
  FORWARDED.set(request, addressOf({ remoteAddress: address }))
}

/** The address of the client that sent a request, for limits and logs: as {@link addressOf}, but beyond proxies. */
export function clientAddressOf(request: Received): string {
  return FORWARDED.get(request) ?? addressOf(request.socket)
}

/**
 * The address of the other end of a connection, for limits and logs.
 *
 * @returns an IPv4 address, the /64 of an IPv6 address, or `-` if the client has already left.
 */
export function addressOf(socket: { readonly remoteAddress?: string | undefined }): string {
  const address = socket.remoteAddress
  if (address === undefined || address === '') return '-'
  if (!address.includes(':')) return address
  return IPV4_MAPPED.exec(address)?.[1] ?? networkOf(address)
}

function networkOf(address: string): string {
  const [withoutZone = ''] = address.split('%', 1)
  const [before = '', after] = withoutZone.split('::', 2)
  const groups = before === '' ? [] : before.split(':')
  if (after !== undefined) {
    const rest = after === '' ? [] : after.split(':')
    while (groups.length + rest.length < GROUPS) groups.push('0')
    groups.push(...rest)
  }
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ''))
  // The shortest form, as operators write it: 2001:db8:0:0::/64 is 2001:db8::/64.
  while (network.at(-1) === '0') network.pop()
  return `${network.join(':').toLowerCase()}::/64`
}
