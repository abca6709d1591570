import { isIP } from 'node:net'

/** The IP addresses with the same first bits. */
export interface AddressRange {
  readonly address: string
  /** Number of those bits, up to 32 or 128. */
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

const BITS = { ipv4: 32, ipv6: 128 }

/**
 * Parses a range in CIDR notation (RFC 4632), such as `10.0.0.0/8`, or a single address.
 *
 * @returns `undefined` if it is neither.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return undefined
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  if (bits === undefined) return { address, prefix: BITS[family], family }
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  return prefix <= BITS[family] ? { address, prefix, family } : undefined
}
