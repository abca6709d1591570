/** `http.*`: where requests may come from, and which host they may be for. */
import { boolean, integer, type Kind } from '../kinds.ts'
import { textList } from '../list-kinds.ts'
import { headerProblem, hostProblem, originProblem, rangeProblem } from '../lists/origin-lists.ts'
import { setting } from '../setting.ts'

/** A switch that cannot be turned on. */
function neverTrue(why: string): Kind<boolean> {
  return {
    ...{ ...boolean(), allowed: 'false' },
    accepts: (value): value is false => value === false,
    hint: () => `; ${why}`,
  }
}

export const HTTP_ORIGIN = {
  cors: {
    origins: setting({
      doc: 'The web pages that may push from a browser (CORS), by their origins, such as `https://app.example.com`. An origin is written as browsers send it: scheme, host, and the port unless it is that of the scheme. `*` is not allowed. Empty: none.',
      kind: textList('a list of origins, such as https://app.example.com', originProblem),
      default: [],
    }),
    allow_headers: setting({
      doc: 'Headers that these pages may send beside the usual ones of a push. The usual ones are `Authorization`, `Content-Encoding`, `Content-Type`, `Idempotency-Key` and `X-Request-Id`, and with `http.propagate_trace` or `http.otlp_endpoint` `traceparent` and `tracestate`.',
      kind: textList('a list of names of headers', headerProblem),
      default: [],
    }),
    max_age_s: setting({
      doc: 'How long a browser may push without asking again (`Access-Control-Max-Age`). Chromium caps it at 7200, Firefox at 86400.',
      kind: integer(0, 86_400),
      default: 600,
      unit: 'seconds',
    }),
  },
  hosts: setting({
    doc: 'The hosts that requests to `http.port` may be for: names or IP addresses, as in the URL of the client. `*.example.com` is every name under it. A request with another `Host`, or none, gets 421 (42101), so that no web page reaches kprf under a name of its own. Ports and upper case do not matter. `http.metrics_port` takes every host, because probes use the address. Empty: all hosts.',
    kind: textList('a list of host names or IP addresses', hostProblem),
    default: [],
  }),
  trusted_proxies: setting({
    doc: 'Load balancers and proxies whose `X-Forwarded-For` is believed, as addresses or CIDR ranges. The client is then the last address of that header that is none of them: in the log, and for the shares of memory that one address may hold. `http.max_connections_per_address` does not count their connections. List only what clients cannot connect from: others could choose their address. Empty: none.',
    kind: textList('a list of IP addresses or CIDR ranges, such as 10.0.0.0/8', rangeProblem),
    default: [],
  }),
  proxy_protocol: setting({
    doc: 'Not supported, and refused unless it is false: kprf does not read the PROXY protocol. A connection that begins with it gets 400. Turn it off in the load balancer, let that send `X-Forwarded-For`, and name it in `http.trusted_proxies`.',
    kind: neverTrue(
      'kprf does not read the PROXY protocol: turn it off in the load balancer, let that send X-Forwarded-For, and name it in http.trusted_proxies',
    ),
    default: false,
  }),
}
