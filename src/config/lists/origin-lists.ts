/** The lists of where requests come from and go to: `http.hosts`, `http.cors` and `http.trusted_proxies`. */
import { parseAddressRange } from '../../base/address-range.ts'
import { ANY_LABEL, canonicalHost } from '../../base/host-name.ts'

/** Says what is wrong with a name of `http.hosts`; undefined if it is right. */
export function hostProblem(text: string): string | undefined {
  const name = text.startsWith(ANY_LABEL) ? text.slice(ANY_LABEL.length) : text
  if (canonicalHost(name) !== undefined) return undefined
  return 'is neither a name nor an address; it has no scheme, no port and no path'
}

/** What browsers send in `Origin`. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[a-z\d_.-]+|\[[\da-f:.]+\])(?::\d+)?$/

/** The name of a header (RFC 9110, 5.1), without `*`, which in CORS would be every header. */
const HEADER = /^[\w!#$%&'+.^`|~-]+$/

/** Says what is wrong with an origin of `http.cors.origins`; undefined if it is right. */
export function originProblem(text: string): string | undefined {
  if (text.includes('*')) return 'has a *, which would let in pages of others; name each origin'
  if (text === 'null') return 'is null, which pages of every site can have as their origin'
  const url = ORIGIN.test(text) ? URL.parse(text) : null
  if (url === null) {
    return 'is no origin: scheme://host or scheme://host:port, in lower case, without a path or a slash at the end'
  }
  const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
  return isWeb && url.origin !== text
    ? 'is not as browsers send it: without the port of the scheme (80, 443), and an address in its shortest form'
    : undefined
}

/** Says what is wrong with a name of `http.cors.allow_headers`; undefined if it is right. */
export function headerProblem(text: string): string | undefined {
  return HEADER.test(text) ? undefined : 'is not the name of a header'
}

/** Says what is wrong with a range of `http.trusted_proxies`; undefined if it is right. */
export function rangeProblem(text: string): string | undefined {
  const range = parseAddressRange(text)
  if (range === undefined) return 'is neither an address nor a range'
  return range.prefix === 0
    ? 'is every address, so that every client could choose its own; name those of the proxies'
    : undefined
}
