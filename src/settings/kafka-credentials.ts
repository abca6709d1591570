/** Reads the TLS and SASL settings again when their files are renewed. */
import { readFileSync } from 'node:fs'
import { ProxyError } from '../base/errors.ts'
import { PROPERTIES_SECTION } from '../config/properties/merge-names.ts'
import { trimSecret } from '../config/secret-text.ts'
import { secretsOf } from '../config/secrets.ts'
import { readText } from '../config/source.ts'
import type { Config, KafkaConfig } from '../config/types.ts'
import type { CredentialsReader } from '../producer/security/renewable-credentials.ts'
import { saslOf, tlsOf } from './kafka-security.ts'

/** How to read the credentials for new connections: from the files of TLS, and those that `_FILE` variables name. */
export function credentialsReader(config: Config): CredentialsReader {
  const { kafka } = config
  const secretFiles = filesOf(config, 'kafka.')
  return {
    files: [...Object.values(secretFiles), ...tlsFiles(kafka)],
    read: () => {
      const renewed = withSecrets(kafka, readSecrets(secretFiles))
      return {
        ssl: tlsOf(renewed),
        sasl: saslOf(renewed),
        secrets: secretsOf({ ...config, kafka: renewed }),
      }
    },
  }
}

function tlsFiles({ ssl, properties }: KafkaConfig): readonly string[] {
  return [
    ssl.caFile,
    ssl.certFile,
    ssl.keyFile,
    properties['ssl.keystore.location'],
    properties['ssl.crl.location'],
    properties['https.ca.location'],
  ].filter((path) => path !== '')
}

type Secrets = Readonly<Record<string, string>>

/** The files of `_FILE` variables for keys that begin like this. */
export function filesOf({ secretFiles }: Config, prefix: string): Secrets {
  return Object.fromEntries(Object.entries(secretFiles).filter(([key]) => key.startsWith(prefix)))
}

/** @throws ProxyError CONFIG_INVALID if one is unreadable or empty, as while it is written. */
export function readSecrets(files: Secrets): Secrets {
  return Object.fromEntries(
    Object.entries(files).map(([key, path]) => {
      const file = readText(path, (name) => readFileSync(name, 'utf8'))
      const problem = file.status === 'failed' ? file.reason : 'it is empty'
      const secret = file.status === 'read' ? trimSecret(key, file.text) : ''
      if (secret !== '') return [key, secret]
      const message = `${key}: cannot read the file of its _FILE variable: ${problem}`
      throw new ProxyError('CONFIG_INVALID', message)
    }),
  )
}

function withSecrets(kafka: KafkaConfig, secrets: Secrets): KafkaConfig {
  const {
    'kafka.user': user = kafka.user,
    'kafka.password': password = kafka.password,
    'kafka.sasl_oauthbearer_token': saslOauthbearerToken = kafka.saslOauthbearerToken,
    'kafka.ssl.key_password': keyPassword = kafka.ssl.keyPassword,
    ...rest
  } = secrets
  const properties = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key.slice(PROPERTIES_SECTION.length + 1), value]),
  )
  return {
    ...kafka,
    ...{ user, password, saslOauthbearerToken },
    ssl: { ...kafka.ssl, keyPassword },
    properties: { ...kafka.properties, ...properties },
  }
}
