import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import { Authenticator } from '../http/access/authenticator.ts'
import { InFlightGate } from '../http/access/in-flight-gate.ts'
import { KeySource } from '../http/access/jwt/key-source.ts'
import { JwtVerifier } from '../http/access/jwt/jwt-verifier.ts'
import { logKeys } from '../http/access/jwt/log-keys.ts'
import type { AdmissionRule } from '../ingest/admission-rule.ts'
import type { LimitDecider } from '../ingest/limit-counters.ts'
import { PermissionRule } from '../ingest/permission-rule.ts'
import type { Permissions } from '../ingest/permissions.ts'
import { QuotaRule } from '../ingest/quota-rule.ts'
import { RateLimitRule } from '../ingest/rate-limit-rule.ts'
import { type AccessMethods, accessRules } from '../settings/access.ts'
import { type Limits, limitsBy } from '../settings/ingest.ts'
import type { JwtSettings } from '../settings/jwt.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { Metrics } from '../telemetry/metrics/metrics.ts'

/** Dependencies of {@link Access}. */
export interface AccessDependencies {
  readonly methods: AccessMethods
  readonly limits: LimitDecider
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Who may push, what, and how much of it. */
export class Access {
  readonly authenticator: Authenticator
  /** The keys of JSON Web Tokens; `undefined` without `http.auth.jwt`. */
  readonly jwtKeys: KeySource | undefined
  readonly #dependencies: AccessDependencies
  /** Refuses requests of clients that have too many in progress. */
  readonly inFlight: InFlightGate
  #limits: Limits
  #permissions: Permissions
  #rules: readonly AdmissionRule[]

  constructor(config: Config, dependencies: AccessDependencies) {
    const { methods, clock, metrics } = dependencies
    const { jwt, certificates } = methods
    this.#dependencies = dependencies
    this.jwtKeys = jwt && keySource(jwt, dependencies)
    const { permissions, ...whoIs } = accessRules(config)
    this.authenticator = new Authenticator({
      ...whoIs,
      certificates,
      jwts: jwt && this.jwtKeys && new JwtVerifier({ ...jwt, source: this.jwtKeys, clock }),
      onDenied: (reason) => {
        metrics.access.denied(reason)
      },
    })
    this.#limits = limitsBy(config, dependencies.limits)
    this.inFlight = new InFlightGate({
      limits: () => this.#limits.inFlight,
      onDenied: () => {
        metrics.access.denied('in_flight')
      },
    })
    this.#permissions = permissions
    this.#rules = this.#rulesOf(permissions)
  }

  /** Who may do what with which topic, by now. */
  get permissions(): Permissions {
    return this.#permissions
  }

  /** The rules for records, in the order in which they apply. */
  get rules(): readonly AdmissionRule[] {
    return this.#rules
  }

  /** Applies the tokens and the rules of a configuration to later requests. */
  use(config: Config): void {
    const { permissions, ...whoIs } = accessRules(config)
    this.authenticator.use(whoIs)
    this.#limits = limitsBy(config, this.#dependencies.limits)
    this.#permissions = permissions
    this.#rules = this.#rulesOf(permissions)
  }

  /** What is forbidden counts towards no limit, and what is beyond a quota towards no rate limit. */
  #rulesOf(permissions: Permissions): readonly AdmissionRule[] {
    const { metrics } = this.#dependencies
    const { rateLimits, quotas } = this.#limits
    return [
      ...(permissions.hasRules ? [new PermissionRule(permissions, metrics)] : []),
      ...(quotas ? [new QuotaRule(quotas, metrics)] : []),
      ...(rateLimits ? [new RateLimitRule(rateLimits, metrics)] : []),
    ]
  }
}

function keySource(
  jwt: JwtSettings,
  { clock, logger, metrics }: Pick<AccessDependencies, 'clock' | 'logger' | 'metrics'>,
): KeySource {
  const listener = logKeys(logger, metrics.access, jwt.keyName)
  return new KeySource({ ...jwt, clock, listener }, jwt.text)
}
