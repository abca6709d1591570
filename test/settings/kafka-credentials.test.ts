import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CredentialsReader } from '../../src/producer/security/renewable-credentials.ts'
import { credentialsReader } from '../../src/settings/kafka-credentials.ts'
import { load } from '../config/sources.ts'
import { createAuthority } from '../support/certificates.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kprf-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** Writes a file. @returns its path. */
function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** The reader of a configuration of these flags and `_FILE` variables. */
function readerOf(
  argv: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): CredentialsReader {
  const files = Object.fromEntries(
    Object.values(variables).map((path) => [path, readFileSync(path, 'utf8')]),
  )
  return credentialsReader(
    load({ argv: ['--kafka.brokers=a:1', ...argv], env: { ...variables }, files }),
  )
}

describe('credentialsReader', () => {
  it('reads user and password again from the files of their variables, without their line ends', () => {
    const user = file('user', 'first\n')
    const password = file('password', 'old\n')
    const reader = readerOf([], {
      KPRF_KAFKA_USER_FILE: user,
      KPRF_KAFKA_PASSWORD_FILE: password,
    })
    writeFileSync(user, 'second\n')
    writeFileSync(password, 'new\n')

    const { sasl, secrets } = reader.read()

    expect(reader.files).toEqual([user, password])
    expect(sasl).toMatchObject({ username: 'second', password: 'new' })
    expect(secrets).toContain('new')
  })

  it('reads the secret of a property again, under any of its names', () => {
    const secret = file('secret', 'old')
    const name = 'SASL_OAUTHBEARER_CLIENT_CREDENTIALS_CLIENT_SECRET'
    const reader = readerOf(
      [
        '--kafka.security_protocol=sasl_ssl',
        '--kafka.sasl_mechanism=oauthbearer',
        '--kafka.properties.sasl.oauthbearer.method=oidc',
        '--kafka.properties.sasl.oauthbearer.client.id=kprf',
        '--kafka.properties.sasl.oauthbearer.token.endpoint.url=https://issuer.example/token',
      ],
      { [`KPRF_KAFKA_PROPERTIES_${name}_FILE`]: secret },
    )
    writeFileSync(secret, 'new\n')

    expect(reader.read().sasl).toMatchObject({ source: { method: 'oidc', clientSecret: 'new' } })
  })

  it('reads certificate, key and authorities again', () => {
    const authority = createAuthority()
    const [old, next] = [authority.issue('old'), authority.issue('next')]
    const files = [
      file('ca', authority.cert),
      file('cert', old.cert),
      file('key', old.key),
    ] as const
    const [ca, cert, key] = files
    const reader = readerOf([
      '--kafka.security_protocol=ssl',
      ...[
        `--kafka.ssl.ca_file=${ca}`,
        `--kafka.ssl.cert_file=${cert}`,
        `--kafka.ssl.key_file=${key}`,
      ],
    ])
    writeFileSync(cert, next.cert)
    writeFileSync(key, next.key)

    expect(reader.files).toEqual(files)
    expect(reader.read().ssl).toMatchObject({ cert: next.cert, key: next.key })
  })

  it.each([
    ['is empty, as while it is written', '\n', 'it is empty'],
    ['is gone', undefined, 'ENOENT: no such file or directory'],
  ])('refuses a file that %s, and names the key but not the secret', (_, text, problem) => {
    const password = file('password', 'old')
    const reader = readerOf(['--kafka.user=kprf'], { KPRF_KAFKA_PASSWORD_FILE: password })
    if (text === undefined) rmSync(password)
    else writeFileSync(password, text)

    expect(() => reader.read()).toThrow(
      `kafka.password: cannot read the file of its _FILE variable: ${problem}`,
    )
  })

  it('has no files if a flag replaces the variable', () => {
    const password = file('password', 'old')
    const reader = readerOf(['--kafka.user=kprf', '--kafka.password=flag'], {
      KPRF_KAFKA_PASSWORD_FILE: password,
    })

    expect(reader.files).toEqual([])
    expect(reader.read().sasl).toMatchObject({ password: 'flag' })
  })
})
