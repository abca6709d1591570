/** Converts the keys of where requests come from to the options of the HTTP edge. */
import type { Config } from '../config/types.ts'
import { AllowedHosts } from '../http/access/allowed-hosts.ts'
import { Cors } from '../http/access/cors.ts'
import { TrustedProxies } from '../http/access/trusted-proxies.ts'
import { TRACE_HEADERS } from '../http/trace-context.ts'

/** Where requests may come from. */
export interface OriginSettings {
  /** `undefined`: requests may be for every host. */
  readonly hosts: AllowedHosts | undefined
  /** `undefined`: every client connects directly. */
  readonly proxies: TrustedProxies | undefined
  /** `undefined`: web pages can neither push nor read replies. */
  readonly cors: Cors | undefined
}

export function originSettings({ http }: Config): OriginSettings {
  const { hosts, trustedProxies, propagateTrace, otlpEndpoint, cors } = http
  const traceHeaders = propagateTrace || otlpEndpoint !== '' ? TRACE_HEADERS : []
  const allowHeaders = [...cors.allowHeaders, ...traceHeaders]
  return {
    hosts: hosts.length === 0 ? undefined : new AllowedHosts(hosts),
    proxies: trustedProxies.length === 0 ? undefined : new TrustedProxies(trustedProxies),
    cors: cors.origins.length === 0 ? undefined : new Cors({ ...cors, allowHeaders }),
  }
}
