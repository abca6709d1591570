/** How the servers of a comparison are set up: each conversation is held with one of these. */
import type { AppOptions } from '../../src/http/app.ts'
import { AllowedHosts } from '../../src/http/access/allowed-hosts.ts'
import { Authenticator } from '../../src/http/access/authenticator.ts'
import { InFlightGate } from '../../src/http/access/in-flight-gate.ts'
import { TokenTable, tokenHash } from '../../src/http/access/token-table.ts'
import { TrustedProxies } from '../../src/http/access/trusted-proxies.ts'
import type { HttpServerOptions } from '../../src/http/http-server.ts'
import type { ServerLimits } from '../../src/http/limits.ts'
import { InFlightCounter } from '../../src/ingest/in-flight.ts'
import { EVERYBODY } from '../support/access.ts'
import { DEFAULT_SETTINGS } from '../support/http-edge.ts'

export const TOKEN = 'kprf_token-of-the-shop'

const PRINCIPAL = 'shop'

/** One way to set up a server. */
export interface Setup {
  readonly app: Pick<AppOptions, 'authenticator' | 'settings' | 'inFlight' | 'isDraining'>
  readonly server: Pick<HttpServerOptions, 'hosts' | 'proxies'>
  readonly limits: Partial<ServerLimits>
  /** Whether each reply is the last of its connection. */
  readonly isLeaving?: boolean
}

/** Makes a setup for one server. @param onDenied - hears why a client is not let in. */
export type MakeSetup = (onDenied: (reason: string) => void) => Setup

function withTokens(onDenied: (reason: string) => void, allowsAnonymous: boolean): Authenticator {
  const tokens = new TokenTable([{ principal: PRINCIPAL, sha256: tokenHash(TOKEN) }])
  return new Authenticator({ tokens, allowsAnonymous, onDenied })
}

const PLAIN = { settings: DEFAULT_SETTINGS, isDraining: () => false }

const OTHER_SETTINGS: AppOptions['settings'] = {
  ...DEFAULT_SETTINGS,
  ...{ maxBodyBytes: 8_192, maxRecordsPerRequest: 2, propagateTrace: true },
  ...{ unknownFields: 'reject', invalidRecords: 'refuse_record', replies: 'rust' },
}

/** Tokens for those who have one, certain hosts, and connections that end soon. */
const mixed: MakeSetup = (onDenied) => ({
  app: { ...PLAIN, authenticator: withTokens(onDenied, true) },
  server: { hosts: new AllowedHosts(['kprf.test', '127.0.0.1']) },
  limits: { maxRequestsPerConnection: 5 },
})

/** Behind a proxy, without tokens, and with everything else than the usual settings. */
const behindProxy: MakeSetup = () => ({
  app: {
    ...PLAIN,
    authenticator: EVERYBODY,
    settings: OTHER_SETTINGS,
  },
  server: { proxies: new TrustedProxies(['127.0.0.1']) },
  limits: {},
})

/** Tokens for all, and a limit for how many requests a client has at a time. */
const withQuota: MakeSetup = (onDenied) => {
  const counter = new InFlightCounter()
  counter.use([{ principals: [PRINCIPAL], requestsInFlight: 1_000 }])
  const inFlight = new InFlightGate({
    limits: () => ({
      has: (name) => name === PRINCIPAL,
      enter: (name) => counter.enter(name),
      leave: (name) => {
        counter.leave(name)
      },
    }),
    onDenied: () => {
      onDenied('in_flight')
    },
  })
  return {
    app: { ...PLAIN, authenticator: withTokens(onDenied, false), inFlight },
    server: {},
    limits: {},
  }
}

/** Tokens for all, while each reply is the last of its connection. */
const leaving: MakeSetup = (onDenied) => ({
  app: { ...PLAIN, authenticator: withTokens(onDenied, false) },
  server: {},
  limits: {},
  isLeaving: true,
})

/** While it shuts down. */
const draining: MakeSetup = () => ({
  app: {
    ...PLAIN,
    authenticator: EVERYBODY,
    isDraining: () => true,
  },
  server: {},
  limits: {},
})

/** The first two are used most. */
export const SETUPS: readonly MakeSetup[] = [mixed, behindProxy, withQuota, leaving, draining]
