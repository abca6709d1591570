/** Who may write what in the kprf that is fuzzed, and everything secret that it knows. */
import { tokenHash } from '../../src/http/access/token-table.ts'
import type { KprfSettings } from '../support/kprf-process.ts'

/** A client that has tokens. */
export type Principal = 'shop' | 'billing' | 'reader'

/** Who sent a request; `nobody` has no right credentials. */
export type Sender = Principal | 'nobody'

/** Two each for some, as while a token is renewed. */
export const TOKENS: Readonly<Record<Principal, readonly string[]>> = {
  shop: ['kprf_planted-first-token-of-shop', 'kprf_planted-second-token-of-shop'],
  billing: ['kprf_planted-token-of-billing'],
  reader: ['kprf_planted-token-of-reader'],
}

export const KAFKA_PASSWORD = 'planted-password-of-kafka'

/** What no log, metric, page, reply or printed configuration may have. */
export const SECRETS: readonly string[] = [...Object.values(TOKENS).flat(), KAFKA_PASSWORD]

/** The topics that exist. */
export const TOPICS = [
  ...['shop.orders', 'shop.visits', 'billing.bills', 'both', 'limited', 'closed', '__internal'],
]

/** Whether a sender may write to a topic. In words of its own, so that it finds what the rules get wrong. */
export function mayWrite(sender: Sender, topic: string): boolean {
  switch (sender) {
    case 'shop':
      return topic.startsWith('shop.') || topic === 'both' || topic === 'limited'
    case 'billing':
      return topic.startsWith('billing.') || topic === 'both'
    case 'reader':
    case 'nobody':
      return false
  }
}

const ACL = [
  { principals: ['sh*p'], topics: ['shop.*', 'limited'], allow: ['produce', 'describe'] },
  { principals: ['shop', 'billing'], topics: ['both'], allow: ['produce'] },
  { principals: ['billing'], topics: ['billing.*', '__*'], allow: ['produce'] },
  { principals: ['*'], topics: ['*'], allow: ['describe'] },
]

const QUOTAS = [{ principals: ['billing'], records_per_second: 2000, requests_in_flight: 20 }]

const RATE_LIMITS = [{ topic_name: 'limited', max_requests_per_minute: 20 }]

/** How kprf is set up. */
export const SETTINGS: KprfSettings = {
  'kafka.user': 'fuzz',
  'kafka.password': KAFKA_PASSWORD,
  'kafka.statistics_interval_ms': 1000,
  'kafka.message_timeout_ms': 20_000,
  'kafka.topic_metadata_propagation_max_ms': 50,
  'kafka.queue_buffering_max_ms': 1,
  // Without it, a record may be stored twice if a broker does not answer in time.
  'kafka.enable_idempotence': 'true',
  'kafka.properties.allow.auto.create.topics': 'false',
  'http.auth.tokens': JSON.stringify(
    Object.entries(TOKENS).flatMap(([principal, tokens]) =>
      tokens.map((token) => ({ principal, sha256: tokenHash(token) })),
    ),
  ),
  'http.acl': JSON.stringify(ACL),
  'http.topics.allow': 'shop.*,billing.*,both,limited',
  'http.quotas': JSON.stringify(QUOTAS),
  'http.metrics_auth.tokens': '[]',
  'http.max_body_bytes': 65_536,
  'http.max_connections_per_address': 0,
  // What a broken request leaves open must not hold the run up.
  'http.head_timeout_ms': 1000,
  'http.body_timeout_ms': 1000,
  'ratelimit.enabled': 'true',
  'ratelimit.rules': JSON.stringify(RATE_LIMITS),
}
