import { describe, expect, it } from 'vitest'
import { loadWithBroker, type SourcesOptions } from './sources.ts'

const FILE = '/run/secret'
/** The password, wherever it can be written. */
const PLACES: readonly [where: string, (password: string) => SourcesOptions][] = [
  ['a variable', (password) => ({ env: { KPRF_KAFKA_PASSWORD: password } })],
  ['a flag', (password) => ({ argv: [`--kafka.password=${password}`] })],
  ['the file', (password) => ({ file: `kafka: { password: ${JSON.stringify(password)} }` })],
  [
    'a file of its own',
    (password) => ({ env: { KPRF_KAFKA_PASSWORD_FILE: FILE }, files: { [FILE]: password } }),
  ],
  ['a property', (password) => ({ env: { KPRF_KAFKA_PROPERTIES_SASL_PASSWORD: password } })],
]

function loadPassword(options: SourcesOptions) {
  return loadWithBroker({ ...options, argv: ['--kafka.user=u', ...(options.argv ?? [])] })
}

describe.each(PLACES)('a secret in %s', (_, written) => {
  it.each([
    ['p', 'p'],
    ['p\n', 'p'],
    ['p\r\n', 'p'],
  ])('loses one line end at its end: %j is %j', (text, password) => {
    const { kafka, warnings } = loadPassword(written(text))

    expect(kafka.password).toBe(password)
    expect(warnings).toEqual([])
  })

  it.each([
    ['hunter2\n\n', 'hunter2\n', 'ends with white space'],
    ['hunter2 ', 'hunter2 ', 'ends with white space'],
    ['hunter2\u00a0', 'hunter2\u00a0', 'ends with white space'],
    ['hunter\ufeff2', 'hunter\ufeff2', 'has an invisible character'],
    ['hunter\u200b2', 'hunter\u200b2', 'has an invisible character'],
    ['hunter\u00072', 'hunter\u00072', 'has an invisible character'],
  ])('keeps %j as %j, with a warning that does not show it', (text, password, doubt) => {
    const { kafka, warnings } = loadPassword(written(text))

    expect(kafka.password).toBe(password)
    expect(warnings).toEqual([
      expect.stringContaining(`: ${doubt}; remove it if it is not meant (`),
    ])
    expect(warnings.join('')).not.toContain('hunter')
  })
})

describe('secrets', () => {
  it('lose the line end that | of YAML adds, and PEM keeps its lines', () => {
    const file = `
kafka:
  user: |
    u
  password: |
    p
  security_protocol: sasl_ssl
  properties:
    ssl.key.pem: |
      -----BEGIN
      a
    ssl.certificate.pem: c
`
    const { kafka, warnings } = loadWithBroker({ file })

    expect([kafka.user, kafka.password]).toEqual(['u', 'p'])
    expect(kafka.properties['ssl.key.pem']).toBe('-----BEGIN\na')
    expect(warnings).toEqual([])
  })

  it('warn of white space at their beginning, which properties lose as in librdkafka', () => {
    const { kafka, warnings } = loadPassword({ env: { KPRF_KAFKA_PASSWORD: ' p' } })

    expect(kafka.password).toBe(' p')
    expect(warnings).toEqual([
      'kafka.password: begins with white space; remove it if it is not meant (KPRF_KAFKA_PASSWORD)',
    ])
  })

  it('are the only values that change', () => {
    expect(loadWithBroker({ env: { KPRF_KAFKA_CLIENT_ID: 'a\n' } }).kafka.clientId).toBe('a\n')
  })
})
