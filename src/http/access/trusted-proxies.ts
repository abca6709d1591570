import { BlockList, isIP, SocketAddress } from 'node:net'
import { parseAddressRange } from '../../base/address-range.ts'
import { cameFrom } from '../client-address.ts'
import type { RequestHead } from '../exchange.ts'

/** Addresses that are looked at; a request passes through fewer proxies. */
const MAX_PROXIES = 32

/** Headers that are remembered with their clients, and the longest such header: at most 0.2 MB in all. */
const MAX_REMEMBERED = 1000
const MAX_REMEMBERED_LENGTH = 100

/** An address with a port, or IPv6 in brackets, as some proxies write it. */
const WITH_PORT = /^(?:\[([\da-f:.]+)\]|([\d.]+))(?::\d{1,5})?$/i

/** The proxies whose `X-Forwarded-For` is believed. */
export class TrustedProxies {
  readonly #ranges = new BlockList()
  readonly #remembered = new Map<string, string>()

  /** @param ranges - addresses or CIDR ranges. Others are left out. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges.map(parseAddressRange)) {
      if (range !== undefined) this.#ranges.addSubnet(range.address, range.prefix, range.family)
    }
  }

  /** Whether an address is that of a trusted proxy. */
  includes(address: string | undefined): boolean {
    const parsed = parse(address ?? '')
    return parsed !== undefined && this.#ranges.check(parsed)
  }

  /** Finds out who sent a request that came on a connection of a trusted proxy. */
  identify(request: RequestHead): void {
    const forwardedFor = request.headers['x-forwarded-for']
    // Node joins several headers of this name.
    if (typeof forwardedFor !== 'string') return
    const client = this.#remember(forwardedFor)
    if (client !== undefined) cameFrom(request, client)
  }

  /** As {@link TrustedProxies.clientOf}, which takes 3 us for one address (Node 26). */
  #remember(forwardedFor: string): string | undefined {
    const known = this.#remembered.get(forwardedFor)
    if (known !== undefined) return known
    const client = this.clientOf(forwardedFor)
    if (client === undefined || forwardedFor.length > MAX_REMEMBERED_LENGTH) return client
    if (this.#remembered.size === MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(forwardedFor, client)
    return client
  }

  /**
   * The last address that is no trusted proxy; if all are, the first. Each proxy appends the address that it got the
   * request from, so what stands before the last address that no trusted proxy has may be made up by the client.
   *
   * @returns `undefined` if it comes after something that is no address.
   */
  clientOf(forwardedFor: string): string | undefined {
    let client: string | undefined
    const entries = forwardedFor.split(',').slice(-MAX_PROXIES)
    for (const entry of entries.reverse()) {
      const parsed = parse(entry.trim())
      if (parsed === undefined) return undefined
      client = parsed.address
      if (!this.#ranges.check(parsed)) break
    }
    return client
  }
}

function parse(text: string): SocketAddress | undefined {
  const [, bracketed, plain] = WITH_PORT.exec(text) ?? []
  const [address = ''] = (bracketed ?? plain ?? text).split('%', 1)
  const version = isIP(address)
  if (version === 0) return undefined
  return new SocketAddress({ address, family: version === 4 ? 'ipv4' : 'ipv6' })
}
