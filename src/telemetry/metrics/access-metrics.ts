import { Counter, type Registry } from './prom-client.ts'

/** The ways for clients to say who they are that are configured, beside tokens. */
export interface AccessInUse {
  readonly jwt: boolean
  readonly certificates: boolean
  readonly webhooks: boolean
}

/** Reasons that need nothing of {@link AccessInUse}. */
const REASONS = [
  ...['no_credentials', 'unreadable_credentials', 'unknown_token'],
  ...['topic_acl', 'topic_topics', 'topic_internal', 'quota', 'in_flight'],
]
const REASONS_OF: Readonly<Record<keyof AccessInUse, readonly string[]>> = {
  certificates: ['certificate_untrusted', 'certificate_unnamed'],
  webhooks: ['webhook_unsigned', 'webhook_signature', 'webhook_timestamp'],
  jwt: [
    ...['jwt_malformed', 'jwt_algorithm', 'jwt_critical_header', 'jwt_unknown_key'],
    ...['jwt_signature', 'jwt_issuer', 'jwt_audience', 'jwt_no_expiry', 'jwt_expired'],
    ...['jwt_not_yet_valid', 'jwt_no_principal', 'jwt_keys_unavailable'],
  ],
}

/** What was refused because of who sent it. */
export class AccessMetrics {
  readonly #denied: Counter<'reason'>
  readonly #keysRead: Counter<'outcome'>

  /** @param inUse - what is in use has its series from the start, so that the first refusal shows as an increase. */
  constructor(registry: Registry, inUse: AccessInUse) {
    this.#denied = new Counter({
      name: 'kprf_http_denied_total',
      help: 'Refused because of who sent it: requests without credentials, with unreadable ones, with an unknown token, with a JSON Web Token that was refused (jwt_ and why), while their client had as many in progress as its quota allows (in_flight), or on a connection whose certificate no trusted authority signed (certificate_untrusted) or that has no usable name (certificate_unnamed), and webhooks without a signature of their scheme (webhook_unsigned), with a wrong one (webhook_signature), or with a signed time too far from now (webhook_timestamp); records for a topic that http.acl does not allow to their client (topic_acl), that http.topics.allow does not list (topic_topics), or that belongs to Kafka (topic_internal), and records beyond the quota of their client (quota).',
      labelNames: ['reason'],
      registers: [registry],
    })
    const reasons = (['certificates', 'webhooks', 'jwt'] as const)
      .filter((method) => inUse[method])
      .flatMap((method) => REASONS_OF[method])
    for (const reason of [...REASONS, ...reasons]) this.#denied.inc({ reason }, 0)
    this.#keysRead = new Counter({
      name: 'kprf_jwt_key_reads_total',
      help: 'Attempts to read the keys that verify JSON Web Tokens, by outcome: success or failure. No series without http.auth.jwt.',
      labelNames: ['outcome'],
      registers: [registry],
    })
    if (!inUse.jwt) return
    for (const outcome of ['success', 'failure']) this.#keysRead.inc({ outcome }, 0)
  }

  /** Counts an attempt to read the keys of JSON Web Tokens. */
  keysRead(outcome: 'success' | 'failure'): void {
    this.#keysRead.inc({ outcome })
  }

  /** Counts requests or records. */
  denied(reason: string, count = 1): void {
    this.#denied.inc({ reason }, count)
  }
}
