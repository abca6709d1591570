/** Plants a secret wherever an operator could put it, right or wrong, and reads all that kprf says of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkConfig, parseCommand, printConfig } from '../../src/cli/cli.ts'
import { explainProperties } from '../../src/config/explain.ts'
import { PROPERTY_SETTINGS } from '../../src/config/names.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { sourcesOf, type SourcesOptions } from './sources.ts'
import { runs } from '../support/random-runs.ts'

/** Looks like a name, so that it passes for one. */
const CANARY = 'canary7hunter2'

/** What a password can begin and end with, as YAML, a shell or a properties file may read it. */
const BEGINNINGS = [
  ...[
    '',
    '*',
    '!',
    '!!binary ',
    '!!int ',
    '!<',
    '|',
    '>',
    '|\n',
    '>\n  ',
    '&',
    '& ',
    '%',
    '@',
    '`',
  ],
  ...[
    '{',
    '[',
    '"',
    "'",
    '"\\q',
    "''",
    '- ',
    '? ',
    'a: ',
    ': ',
    '#',
    ' #',
    ',',
    ']',
    '}',
    '-',
    '--',
  ],
  ...[
    ' ',
    '\t',
    '\n',
    '\n  ',
    '\n    ',
    '=',
    '==',
    '~ ',
    '<<: ',
    '*a *',
    'user:',
    'user:x',
    '\u0000',
  ],
  ...['-----BEGIN PRIVATE KEY-----\n', 'https://user:', 'https://', 'ssl://user:', 'http://a/?b='],
]
const ENDINGS = [
  ...['', ' x', ': x', ':', ' : ', '=x', '=', '==', '\n', '\n  y: z', '\nz', '"', "'", '}', ']'],
  ...[
    ', b',
    ' #',
    '@host',
    '@host:9092',
    '@host/path',
    ':9092',
    '\\',
    '\\x4"',
    '\n-----END PRIVATE KEY-----',
  ],
]

/** Keys of which any text is taken for what it is, so that it may be printed: no secret belongs there. */
const FREE_TEXTS = new Set([
  ...['kafka.brokers', 'kafka.client_id', 'kafka.user', 'http.host', 'output_file'],
  ...['kafka.ssl.ca_file', 'kafka.ssl.cert_file', 'kafka.ssl.key_file'],
])
const KEYS = [
  ...SETTINGS.filter(({ key }) => !FREE_TEXTS.has(key)),
  ...PROPERTY_SETTINGS.filter(({ hasFileVariable }) => hasFileVariable === true),
].map(({ key }) => key)
const MISSPELT = [
  ...['kafka.pasword', 'kafka.pass', 'password', 'kafka.sasl.password', 'kafka.ssl.key_pasword'],
  ...[
    'kafka.properties.sasl.passwrd',
    'kafka.properties.ssl.key.pems',
    'secret',
    'kafkaa.password',
  ],
]
const BEHIND_AT = ['kafka.brokers', 'kafka.properties.bootstrap.servers']
const URL_KEY = 'kafka.properties.sasl.oauthbearer.token.endpoint.url'

function everythingSaid(options: SourcesOptions): string {
  const sources = sourcesOf(options)
  const outputs = [checkConfig(sources), printConfig(sources)].map(({ text }) => text)
  return [...outputs, JSON.stringify(parseCommand(options.argv ?? []))].join('\n')
}

function yamlOf(key: string, text: string): string {
  const names = key.startsWith('kafka.properties.')
    ? ['kafka', 'properties', key.slice('kafka.properties.'.length)]
    : key.split('.')
  const lines = names.map((name, depth) => `${'  '.repeat(depth)}${name}:`)
  return `${lines.join('\n')} ${text}\nlog_level: info\n`
}

const kafkaOf = (argv: readonly string[]): string[] => [
  ...argv,
  '--kafka.security_protocol=sasl_ssl',
  '--kafka.user=u',
]

const anyKey = fc.constantFrom(...KEYS, ...MISSPELT)
const anyText = fc
  .tuple(fc.constantFrom(...BEGINNINGS), fc.constantFrom(...ENDINGS))
  .map(([beginning, ending]) => `${beginning}${CANARY}${ending}`)
const variableOf = (key: string): string => `KPRF_${key.toUpperCase().replaceAll('.', '_')}`

const anySources: fc.Arbitrary<SourcesOptions> = fc.oneof(
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({ file: yamlOf(key, text) })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    file: yamlOf(key, JSON.stringify(text)),
  })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    env: { [variableOf(key)]: text.replaceAll('\0', '') },
  })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    env: { [`${variableOf(key)}_FILE`]: '/run/secret' },
    files: { '/run/secret': text },
  })),
  // The secret where the name of its file belongs.
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    env: { [`${variableOf(key)}_FILE`]: text },
  })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    argv: kafkaOf([`--${key}=${text}`]),
  })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    argv: kafkaOf([`--${key}`, ...text.split(/(?<=\S) /)]),
  })),
  // No = between name and value.
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    file: yamlOf(`${key} ${text}`, ''),
    argv: kafkaOf([`--${key}${text.replace('=', '')}`, `-p${text}`]),
    env: { [`${variableOf(key)} ${text}`]: '' },
  })),
  fc.record({ key: anyKey, text: anyText }).map(({ key, text }) => ({
    file: `kafka:\n  properties: |\n    ${key.replace('kafka.properties.', '')}=${text.replaceAll('\n', '\n    ')}`,
  })),
  fc.constantFrom(...BEHIND_AT, URL_KEY).chain((key) =>
    fc.constantFrom('', 'https://', 'ssl://', 'SASL_SSL://', 'https//').map((scheme) => ({
      argv: [`--${key}=${scheme}user:${CANARY}@host:9092`],
      file: yamlOf(key, `${scheme}${CANARY}@host/path`),
    })),
  ),
)

/** A few of them for each beginning, all of them in the end. */
const endingsFor = (at: number): string[] => ENDINGS.filter((_, index) => (index + at) % 7 === 0)

const numRuns = runs(50)

describe('a secret', () => {
  it.each(
    BEGINNINGS.flatMap((beginning, at) => endingsFor(at).map((ending) => [beginning, ending])),
  )('that is the YAML %j...%j is not repeated', (beginning, ending) => {
    const file = yamlOf('kafka.password', `${beginning}${CANARY}${ending}`)

    expect(everythingSaid({ file }).toLowerCase()).not.toContain(CANARY)
  })

  it('is not repeated, wherever and however it is written', () => {
    fc.assert(
      fc.property(anySources, (options) => {
        expect(everythingSaid(options).toLowerCase()).not.toContain(CANARY)
      }),
      { numRuns, seed: 42 },
    )
  })

  it('is not repeated by kprf config explain', () => {
    const names = fc.constantFrom(...KEYS.map((key) => key.replace('kafka.properties.', '')))
    fc.assert(
      fc.property(
        names,
        anyText,
        fc.constantFrom('=', ' = ', ' ', ':', ''),
        (name, text, between) => {
          const { lines } = explainProperties(`${name}${between}${text}`)

          expect(lines.join('\n').toLowerCase()).not.toContain(CANARY)
        },
      ),
      { numRuns, seed: 42 },
    )
  })

  it.each(BEHIND_AT.map((key) => [key]).concat([[URL_KEY]]))(
    'in an address under %s is not repeated by kprf config explain',
    (key) => {
      const name = key
        .replace('kafka.properties.', '')
        .replace('kafka.brokers', 'metadata.broker.list')
      const written = ['', 'https://', 'ssl://', 'https//'].flatMap((scheme) => [
        `${name}=${scheme}user:${CANARY}@host:9092`,
        `${name}=${scheme}${CANARY}@host`,
      ])

      for (const line of written) {
        expect(explainProperties(line).lines.join('\n')).not.toContain(CANARY)
      }
    },
  )

  it('is not repeated where it is what a command line has too much', () => {
    expect(JSON.stringify(parseCommand(['config', CANARY]))).not.toContain(CANARY)
    expect(JSON.stringify(parseCommand(['tail', 'orders', CANARY]))).not.toContain(CANARY)
    expect(JSON.stringify(parseCommand(['--kafka.password', 'a', CANARY]))).not.toContain(CANARY)
  })
})
