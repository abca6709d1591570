import type { Mechanism, SASLOptions } from 'kafkajs'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'
import { staticToken, unsecuredTokens, type TokenSource } from '../security/bearer-token.ts'
import { OidcTokenSource } from '../security/oidc-token-source.ts'
import type { BearerSettings, SaslSettings } from '../security/settings.ts'
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

/** Converts the SASL settings to options for kafkajs. */
export function kafkajsSasl(
  sasl: SaslSettings,
  backoff: ReconnectBackoffSettings,
  dependencies: SaslDependencies,
): KafkajsSasl {
  if (sasl.mechanism === 'oauthbearer') {
    const tokens = tokenSource(sasl, backoff, dependencies)
    return { options: oauthBearer({ tokens, extensions: sasl.extensions }), tokens }
  }
  const { mechanism, username, password } = sasl
  const options: SASLOptions = { mechanism, username, password }
  return { options, tokens: undefined }
}

function tokenSource(
  { source }: BearerSettings,
  backoff: ReconnectBackoffSettings,
  { clock, random, log }: SaslDependencies,
): TokenSource {
  if (source.method === 'static') return staticToken(source.token)
  if (source.method === 'unsecured') return unsecuredTokens(source, clock)
  return new OidcTokenSource(source, {
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
