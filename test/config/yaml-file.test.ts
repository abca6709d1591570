import { describe, expect, it } from 'vitest'
import { load, loadWithBroker, errorsOf, errorsWithBroker } from './sources.ts'

describe('the configuration file', () => {
  it.each([[''], ['# nothing\n'], ['kafka:\nhttp:\n'], ['kafka:\n  ssl:\n'], ['{}']])(
    'may leave everything out, as in %j',
    (file) => {
      expect(loadWithBroker({ file })).toEqual(loadWithBroker({}))
    },
  )

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const file = '\ufeffkafka:\r\n  brokers:\r\n    - a\r\nlog_level: warn\r\n'

    expect(load({ file })).toMatchObject({ kafka: { brokers: ['a:9092'] }, logLevel: 'warn' })
  })

  it('may use anchors', () => {
    const file = 'http: { port: &port 5 }\nshutdown: { timeout_ms: *port }'

    expect(loadWithBroker({ file }).shutdown.timeoutMs).toBe(5)
  })

  it.each([
    ['a: [', 'kprf.yaml:1:5: not valid YAML: '],
    ['kafka:\n  brokers: [a]\n bad', 'kprf.yaml:3:1: not valid YAML: wrong indentation'],
    ['kafka:\n\tbrokers: a', 'kprf.yaml:2:1: not valid YAML: tabs as indentation'],
    ['log_level: info\nlog_level: warn', 'kprf.yaml:2:1: not valid YAML: the same key twice'],
    ['log_level: !secret x', 'kprf.yaml:1:12: not valid YAML: an unknown tag'],
    ['log_level: *x', 'kprf.yaml:1:12: not valid YAML: an alias without its anchor'],
    ['kafka: { brokers: &b [a, *b] }', 'kprf.yaml: not valid YAML: an alias inside its own value'],
  ])('is refused for %j', (file, beginning) => {
    const errors = errorsOf({ file })

    expect(errors[0]).toContain(beginning)
    expect(errors.every((error) => error.startsWith('kprf.yaml:'))).toBe(true)
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
    ['http:\n  port:', 'http.port: has no value; give one, or remove the line (kprf.yaml:2)'],
    ['log_level: ~', 'log_level: has no value; give one, or remove the line (kprf.yaml:1)'],
    [
      'log_level: { a: 1 }',
      'log_level: must be one of error, warn, info, debug, not a mapping (kprf.yaml:1)',
    ],
  ])('is refused for %j, saying where', (file, error) => {
    expect(errorsWithBroker({ file })).toEqual([error])
  })
})
