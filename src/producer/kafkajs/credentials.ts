import type { ConnectionOptions } from 'node:tls'
import type { Clock } from '../../base/clock.ts'
import { RenewableCredentials } from '../security/renewable-credentials.ts'
import { dateWarnings } from '../security/validity.ts'
import type { TransportLog } from './kafkajs-log.ts'
import type { KafkajsTransportSettings } from './settings.ts'

/** What {@link makeCredentials} works with. */
export interface CredentialsDependencies {
  readonly clock: Clock
  readonly log: TransportLog
  /** Called with renewed secrets, to be masked in the log. @defaultValue nothing is done */
  readonly onSecrets?: (secrets: readonly string[]) => void
  /** Called with the options of TLS, and again when they were renewed. @defaultValue nothing is done */
  readonly onTls?: (options: ConnectionOptions | undefined) => void
}

/** Makes the credentials of new connections, and logs when they are renewed or out of date. */
export function makeCredentials(
  settings: KafkajsTransportSettings,
  { clock, log, onSecrets, onTls }: CredentialsDependencies,
): RenewableCredentials {
  const use = (options: ConnectionOptions | undefined): void => {
    onTls?.(options)
    for (const line of dateWarnings(options ?? {}, clock.epochMs())) log('warn', line, {})
  }
  use(settings.ssl)
  return new RenewableCredentials(settings, settings.renewal, {
    onRenewed: ({ ssl, secrets }) => {
      onSecrets?.(secrets)
      log('info', 'credentials were renewed: new connections use them', {})
      use(ssl)
    },
    onRefused: (reason) => {
      log('warn', 'renewed credentials cannot be used: kprf keeps the old ones', { reason })
    },
  })
}
