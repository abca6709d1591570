/** What of a socket tells who is at its other end. */
export interface RemoteSocket {
  /** `undefined` once the connection is gone. */
  readonly remoteAddress?: string | undefined
}

const MAPPED_IPV4 = '::ffff:'
const GROUPS = 8
/** Of the 8 groups of 16 bits: a household or a server is given a whole /64 at least. */
const NETWORK_GROUPS = 4

/**
 * The address that limits for each client count by: an IPv4 address, or the /64 of an IPv6 address, in
 * which one client can take as many addresses as it likes. `unknown` for a connection that is gone.
 */
export function addressOf({ remoteAddress }: RemoteSocket): string {
  if (remoteAddress === undefined) return 'unknown'
  if (!remoteAddress.includes(':')) return remoteAddress
  if (remoteAddress.startsWith(MAPPED_IPV4) && remoteAddress.includes('.')) {
    return remoteAddress.slice(MAPPED_IPV4.length)
  }
  return networkOf(remoteAddress)
}

/** Node writes IPv6 addresses in the short form of RFC 5952, so that a network has one name only. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const first = groupsOf(head)
  const last = tail === undefined ? [] : groupsOf(tail)
  const zeros = new Array<string>(Math.max(0, GROUPS - first.length - last.length)).fill('0')
  return `${[...first, ...zeros, ...last].slice(0, NETWORK_GROUPS).join(':')}::/64`
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':')
}
