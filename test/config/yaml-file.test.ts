import { describe, expect, it } from 'vitest'
import { load, loadWithBroker, errorsOf, errorsWithBroker } from './sources.ts'

/** Keys without a value: of a section, of the top level, of a list, of a secret, of a property. */
const WITHOUT_VALUES = [
  ['http:\n  port:'],
  ['log_level: ~'],
  ['output_file: null'],
  ['kafka:\n  password: NULL\n  user:'],
  ['ratelimit: { rules: }'],
  ['kafka: { properties: { linger.ms: , ssl.ca.pem: ~ } }'],
]

describe('the configuration file', () => {
  it.each([
    [''],
    ['# nothing\n'],
    ['kafka:\nhttp:\n'],
    ['kafka:\n  ssl:\n'],
    ['{}'],
    ...WITHOUT_VALUES,
  ])('may leave everything out, as in %j', (file) => {
    expect(loadWithBroker({ file })).toEqual(loadWithBroker({}))
  })

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const file = '\ufeffkafka:\r\n  brokers:\r\n    - a\r\nlog_level: warn\r\n'

    expect(load({ file })).toMatchObject({ kafka: { brokers: ['a:9092'] }, logLevel: 'warn' })
  })

  it('may use anchors', () => {
    const file = 'http: { port: &port 5 }\nshutdown: { timeout_ms: *port }'

    expect(loadWithBroker({ file }).shutdown.timeoutMs).toBe(5)
  })

  it.each([
    ['12345', '12345'],
    ['012', '012'],
    ['0x1F', '0x1F'],
    ['1e3', '1e3'],
    ['1.10', '1.10'],
    ['-0', '-0'],
    ['true', 'true'],
    ['False', 'False'],
    ['.inf', '.inf'],
    ['2024-01-02', '2024-01-02'],
    ['"012"', '012'],
  ])('may give text without quotes: %s is %j', (written, text) => {
    const file = `
kafka:
  client_id: ${written}
  user: ${written}
  password: ${written}
  properties: { ssl.cipher.suites: ${written} }
`
    const { kafka } = loadWithBroker({ file })

    expect(kafka.clientId).toBe(text)
    expect([kafka.user, kafka.password]).toEqual([text, text])
    expect(kafka.properties['ssl.cipher.suites']).toBe(text)
  })

  it('may name a topic that looks like a number without quotes', () => {
    const rule = '{ topic_name: 2024, max_requests_per_minute: 1 }'
    const { ratelimit } = loadWithBroker({ file: `ratelimit: { rules: [${rule}] }` })

    expect(ratelimit.rules[0]?.topicName).toBe('2024')
  })

  it('takes a number for text too where it is an alias', () => {
    const file = 'kafka: { client_id: &id 012 }\nhttp: { host: *id }'

    expect(loadWithBroker({ file }).http.host).toBe('012')
  })

  it.each([
    ['# TOML\n[kafka]\nbrokers = ["a"]\n', 'kprf.yaml: not valid YAML: it looks like TOML or INI'],
    ['a: [', 'kprf.yaml:1:5: not valid YAML: '],
    ['kafka:\n  brokers: [a]\n bad', 'kprf.yaml:3:1: not valid YAML: wrong indentation'],
    ['kafka:\n\tbrokers: a', 'kprf.yaml:2:1: not valid YAML: tabs as indentation'],
    ['log_level: info\nlog_level: warn', 'kprf.yaml:2:1: not valid YAML: the same key twice'],
    [
      'log_level: !secret x',
      'kprf.yaml:1:12: not valid YAML: text that begins with !; put it in quotes',
    ],
    ['log_level: *x', 'kprf.yaml:1:12: not valid YAML: text that begins with *; put it in quotes'],
    [
      'kafka: { brokers: &b [a, *b] }',
      'kprf.yaml: not valid YAML: text that begins with * stands for what contains it',
    ],
  ])('is refused for %j', (file, beginning) => {
    const errors = errorsOf({ file })

    expect(errors[0]).toContain(beginning)
    expect(errors.every((error) => error.startsWith('kprf.yaml:'))).toBe(true)
  })

  it.each([
    [
      'kafka: { password: *abc }',
      '1:20: not valid YAML: text that begins with *; put it in quotes',
    ],
    [
      'kafka:\n  password: &abc *abc',
      '2:18: not valid YAML: text that begins with * behind & or !',
    ],
    ['kafka:\n  password: !abc', '2:13: not valid YAML: text that begins with !; put it in quotes'],
    ['kafka:\n  password: @abc', '2:13: not valid YAML: unquoted text that begins with a special'],
    ['kafka:\n  password: a: b', '2:13: not valid YAML: a second colon in the line'],
    ['kafka:\n---\nhttp:', '2:1: not valid YAML: a second document; the file has one, so remove'],
    ['kafka:\n...\n---\nhttp:', '3:1: not valid YAML: a second document'],
    ['http:\nacks=all\n', '2:1: not valid YAML: a character is missing: a colon behind a key'],
  ])('is refused for %j in words that say what to write', (file, words) => {
    const errors = errorsOf({ file })

    expect(errors[0]).toContain(words)
    expect(errors.join('')).not.toMatch(/alias|anchor|\btag\b|token|scalar|parse/)
  })

  it('is refused with a hint where it holds lines of a properties file', () => {
    expect(errorsOf({ file: 'acks=all\nlinger.ms=5\n' })).toEqual([
      'the file: must be a mapping of keys, as in key: value; lines of name=value belong into kafka.properties, as text after | (kprf.yaml)',
    ])
  })

  it('is refused where it is UTF-16, as some editors and shells of Windows write it', () => {
    const file = Buffer.from('\ufeffkafka:\r\n', 'utf16le').toString()

    expect(errorsOf({ file })).toEqual([
      'kprf.yaml: is not UTF-8; save it as UTF-8, not as UTF-16 or UTF-32',
    ])
  })

  it('is refused when it is missing', () => {
    expect(errorsOf({ argv: ['--config', 'no, no.yaml'] })).toEqual([
      'no, no.yaml: cannot read the configuration file: ENOENT: no such file or directory',
    ])
  })

  it.each([
    [
      'kafka:\n  broker: [a]',
      'kafka: has an unknown key; did you mean kafka.brokers? (kprf.yaml:2:3)',
    ],
    ['# c\nport: 1', 'the file: has an unknown key; did you mean http.port? (kprf.yaml:2:1)'],
    [
      'kafka:\n  linger.ms: 5',
      'kafka: has an unknown key; did you mean kafka.queue_buffering_max_ms? (kprf.yaml:2:3)',
    ],
    [
      'kafka:\n  acks: 1',
      'kafka: has an unknown key; did you mean kafka.request_required_acks? (kprf.yaml:2:3)',
    ],
    ['htpp:\n  port: 1', 'the file: has an unknown key; did you mean http? (kprf.yaml:1:1)'],
    ['threads: 4', 'the file: has an unknown key (kprf.yaml:1:1)'],
    ['__proto__: 4', 'the file: has an unknown key (kprf.yaml:1:1)'],
    ['constructor: 4', 'the file: has an unknown key (kprf.yaml:1:1)'],
    ['5: 4', 'the file: has an unknown key (kprf.yaml:1:1)'],
    ['kafka: 5', 'kafka: must be a mapping of keys (kprf.yaml:1)'],
    ['kafka: [a]', 'kafka: must be a mapping of keys (kprf.yaml:1)'],
    ['- a', 'the file: must be a mapping of keys (kprf.yaml)'],
    ['kafka', 'the file: must be a mapping of keys (kprf.yaml)'],
    ['htpp:', 'the file: has an unknown key; did you mean http? (kprf.yaml:1:1)'],
    [
      'log_level: { a: 1 }',
      'log_level: must be one of error, warn, info, debug, not a mapping (kprf.yaml:1)',
    ],
  ])('is refused for %j, saying where', (file, error) => {
    expect(errorsWithBroker({ file })).toEqual([error])
  })
})
