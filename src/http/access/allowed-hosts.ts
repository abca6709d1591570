import { ANY_LABEL, canonicalHost } from '../../base/host-name.ts'
import type { Refusal } from '../error-body.ts'

const NOT_ALLOWED: Refusal = {
  code: 'HOST_NOT_ALLOWED',
  message: 'the host of the request is not among those that kprf serves (http.hosts)',
}

/** The port of a `Host` header. */
const PORT = /:\d*$/

/**
 * The hosts that requests may be for. A web page whose name its owner points at the address of kprf (DNS rebinding)
 * is of the same origin for the browser, but its requests still have that name in `Host`.
 */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>
  /** Ends of names, each with its dot in front. */
  readonly #ends: readonly string[]

  /** @param hosts - names or IP addresses without a port; `*.example.com` is every name under it. */
  constructor(hosts: readonly string[]) {
    const isPattern = (host: string): boolean => host.startsWith(ANY_LABEL)
    const name = (host: string): string => canonicalHost(host) ?? host
    this.#names = new Set(hosts.filter((host) => !isPattern(host)).map(name))
    this.#ends = hosts
      .filter(isPattern)
      .map((pattern) => `.${name(pattern.slice(ANY_LABEL.length))}`)
  }

  /**
   * The refusal of a request; `undefined` if its host is allowed.
   *
   * @param host - of its `Host` header; the absolute form of the target names the same one.
   */
  refusal(host = ''): Refusal | undefined {
    const name = this.#names.has(host) ? host : canonicalHost(host.replace(PORT, ''))
    if (name === undefined) return NOT_ALLOWED
    const isAllowed = this.#names.has(name) || this.#ends.some((end) => name.endsWith(end))
    return isAllowed ? undefined : NOT_ALLOWED
  }
}
