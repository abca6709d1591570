import type { Mechanism, SASLOptions } from 'kafkajs'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'
import { staticToken, unsecuredTokens, type TokenSource } from '../security/bearer-token.ts'
import { OidcTokenSource } from '../security/oidc-token-source.ts'
import type { BearerSettings, PasswordSettings, SaslSettings } from '../security/settings.ts'
import type { TransportLog } from './kafkajs-log.ts'
import { oauthBearer } from './oauth-bearer.ts'

/** SASL options for kafkajs. */
export interface KafkajsSasl {
  readonly options: SASLOptions | Mechanism
  /** The source of tokens; `undefined` with a password. */
  readonly tokens: TokenSource | undefined
}

/** Dependencies of token sources. */
export interface SaslDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly log: TransportLog
}

/**
 * Converts the SASL settings to options for kafkajs.
 *
 * @param current - returns the newest settings, of the same mechanism and source; asked for each authentication.
 */
export function kafkajsSasl(
  current: () => SaslSettings | undefined,
  backoff: ReconnectBackoffSettings,
  dependencies: SaslDependencies,
): KafkajsSasl | undefined {
  const first = current()
  if (!first) return undefined
  if (first.mechanism === 'oauthbearer') {
    const newest = newestLike(first, current, (sasl) => sasl?.mechanism === 'oauthbearer')
    const tokens = tokenSource(newest, backoff, dependencies)
    return { options: oauthBearer({ tokens, extensions: () => newest().extensions }), tokens }
  }
  const newest = newestLike(
    first,
    current,
    (sasl): sasl is PasswordSettings => sasl !== undefined && sasl.mechanism !== 'oauthbearer',
  )
  const options: SASLOptions = {
    mechanism: first.mechanism,
    // kafkajs reads them when it authenticates a connection.
    get username() {
      return newest().username
    },
    get password() {
      return newest().password
    },
  }
  return { options, tokens: undefined }
}

/** Returns the newest settings, or the first ones if the newest are not of their kind. */
function newestLike<Settings, First extends Settings>(
  first: First,
  current: () => Settings,
  isLike: (settings: Settings) => settings is First,
): () => First {
  return () => {
    const newest = current()
    return isLike(newest) ? newest : first
  }
}

function tokenSource(
  newest: () => BearerSettings,
  backoff: ReconnectBackoffSettings,
  { clock, random, log }: SaslDependencies,
): TokenSource {
  const source = (): BearerSettings['source'] => newest().source
  const first = source()
  if (first.method === 'static') {
    return staticToken(newestLike(first, source, (one) => one.method === 'static'))
  }
  if (first.method === 'unsecured') {
    return unsecuredTokens(
      newestLike(first, source, (one) => one.method === 'unsecured'),
      clock,
    )
  }
  const settings = newestLike(first, source, (one) => one.method === 'oidc')
  return new OidcTokenSource(settings, {
    clock,
    backoff: new ReconnectBackoff(backoff, random),
    listener: {
      onFailed: (reason, retryInMs) => {
        log('error', 'cannot get a token for Kafka', { reason, retry_in_ms: Math.round(retryInMs) })
      },
      onRecovered: () => {
        log('info', 'got a token for Kafka again', {})
      },
    },
  })
}
