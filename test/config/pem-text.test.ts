import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { secretsOf } from '../../src/config/secrets.ts'
import { createAuthority } from '../support/certificates.ts'
import { loadWithBroker } from './sources.ts'

const { cert, key } = createAuthority().issue('client')

const LOSSES: readonly [how: string, lose: (pem: string) => string][] = [
  ['as they are', (pem) => pem],
  ['as Windows has them', (pem) => pem.replaceAll('\n', '\r\n')],
  ['as \\n in letters', (pem) => pem.replaceAll('\n', '\\n')],
  ['as \\r\\n in letters', (pem) => pem.replaceAll('\n', '\\r\\n')],
  ['as spaces', (pem) => pem.replaceAll('\n', ' ')],
  ['left out', (pem) => pem.replaceAll('\n', '')],
]

describe.each(LOSSES)('PEM with line ends %s', (_, lose) => {
  const load = () =>
    loadWithBroker({
      env: {
        KPRF_KAFKA_SECURITY_PROTOCOL: 'ssl',
        KPRF_KAFKA_PROPERTIES_SSL_CA_PEM: lose(`${cert}${cert}`),
        KPRF_KAFKA_PROPERTIES_SSL_CERTIFICATE_PEM: lose(cert),
        KPRF_KAFKA_PROPERTIES_SSL_KEY_PEM: lose(key),
      },
    })

  it('is the same certificates and key', () => {
    const { properties } = load().kafka
    const [first = '', second] = properties['ssl.ca.pem'].match(/-----BEGIN[^]*?END.*/g) ?? []

    expect(second).toBe(first)
    expect(new X509Certificate(first).fingerprint).toBe(new X509Certificate(cert).fingerprint)
    expect(new X509Certificate(properties['ssl.certificate.pem']).raw).toEqual(
      new X509Certificate(cert).raw,
    )
    expect(createPrivateKey(properties['ssl.key.pem']).equals(createPrivateKey(key))).toBe(true)
  })

  it('has every line of its key masked', () => {
    const lines = key.split('\n').filter((line) => line !== '' && !line.startsWith('-----'))

    expect(secretsOf(load())).toEqual(expect.arrayContaining(lines))
  })
})

describe('a key with headers', () => {
  it('gets the line ends that are \\n in letters', () => {
    const lines = ['-----BEGIN EC PRIVATE KEY-----', 'Proc-Type: 4,ENCRYPTED', '', 'YWJj']
    const argv = [
      '--kafka.security_protocol=ssl',
      '--kafka.ssl.cert_file=c',
      `--kafka.properties.ssl.key.pem=${lines.join('\\n')}`,
    ]

    expect(loadWithBroker({ argv }).kafka.properties['ssl.key.pem']).toBe(lines.join('\n'))
  })
})
