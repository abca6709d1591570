import { isIP } from 'node:net'
import { ProxyError } from '../../base/errors.ts'
import { canonicalHost } from '../../base/host-name.ts'
import type { Call } from '../edge/route.ts'

/**
 * Checks that a request is for this machine or for an address. A page whose name its owner points at this kprf (DNS
 * rebinding) would be of the same origin, and could read what others have pushed.
 *
 * @param hasHosts - whether `http.hosts` says which hosts requests may be for: then they were checked already.
 * @throws ProxyError `HOST_NOT_ALLOWED`.
 */
export function assertOwnHost({ request }: Call, hasHosts: boolean): void {
  if (hasHosts || isOwnName(request.headers.host)) return
  throw new ProxyError(
    'HOST_NOT_ALLOWED',
    'the page shows its figures and records at localhost or an IP address only: open it there, or list the name in http.hosts',
  )
}

function isOwnName(host = ''): boolean {
  const name = canonicalHost(host.replace(/:\d*$/, ''))
  if (name === undefined) return false
  const isAddress = isIP(name.replace(/^\[|\]$/g, '')) > 0
  return isAddress || name === 'localhost' || name.endsWith('.localhost')
}
