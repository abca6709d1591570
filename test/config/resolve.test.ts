import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config/resolve.ts'
import { NAMES_BY_KEY } from '../../src/config/names.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { ProxyError } from '../../src/base/errors.ts'
import { asText, FULL_FILE, SAMPLES, valueAt } from './samples.ts'
import { load, loadWithBroker, errorsOf, errorsWithBroker, sourcesOf } from './sources.ts'

describe('the samples', () => {
  it('leave out no key', () => {
    expect(SAMPLES.map(([key]) => key).sort()).toEqual(SETTINGS.map(({ key }) => key).sort())
  })
})

describe.each(SAMPLES)('%s', (key, a, b, c) => {
  const variable = NAMES_BY_KEY.get(key)?.variable ?? ''
  const env = { [variable]: asText(b) }

  it('is taken from the file', () => {
    const { values, origins } = resolveConfig(sourcesOf({ file: FULL_FILE }))

    expect(valueAt(values, key)).toEqual(a)
    expect(origins.get(key)).toMatch(/^kprf\.yaml:\d+$/)
  })

  it('is taken from the environment rather than the file', () => {
    const { values, origins } = resolveConfig(sourcesOf({ file: FULL_FILE, env }))

    expect(valueAt(values, key)).toEqual(b)
    expect(origins.get(key)).toBe(variable)
  })

  it('is taken from its flag rather than the environment', () => {
    const argv = [`--${key}=${asText(c)}`]
    const { values, origins } = resolveConfig(sourcesOf({ file: FULL_FILE, env, argv }))

    expect(valueAt(values, key)).toEqual(c)
    expect(origins.get(key)).toBe(`--${key}`)
  })

  it('is not said to be set when it is left to its default', () => {
    const { origins } = resolveConfig(sourcesOf({ argv: ['--kafka.brokers=k'] }))

    expect(origins.has(key)).toBe(key === 'kafka.brokers')
  })
})

describe('resolveConfig', () => {
  it.each([
    [[], 3],
    [['--kafka.enable_idempotence=true'], 2147483647],
    [['--kafka.enable_idempotence=true', '--kafka.retries=5'], 5],
    [['--kafka.enable_idempotence=true', '--kafka.properties.retries=5'], 5],
  ])('retries with %j so often: %d', (argv, retries) => {
    expect(loadWithBroker({ argv }).kafka.retries).toBe(retries)
  })

  it('throws a ProxyError', () => {
    const act = (): unknown => load({})

    expect(act).toThrow(ProxyError)
    expect(act).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('reports the errors of all sources at once, a line each', () => {
    const errors = errorsOf({
      file: 'kafka: { retries: -1, brokers: [a] }\nshutdwon: 5\nhttp: { port: 1, metrics_port: 1 }',
      env: { KPRF_LOGLEVEL: 'x', KPRF_LOG_LEVEL: 'y' },
      argv: ['--http.hst=x', '--http.host='],
    })

    expect(errors).toEqual([
      'the file: has an unknown key; did you mean shutdown? (kprf.yaml:2:1)',
      'KPRF_LOGLEVEL: unknown variable; did you mean KPRF_LOG_LEVEL?',
      'argument 2: unknown flag; did you mean --http.host?',
      'log_level: must be one of error, warn, info, debug (KPRF_LOG_LEVEL)',
      'kafka.retries: Configuration property "message.send.max.retries" value -1 is outside allowed range 0..2147483647 (kprf.yaml:1)',
      'http.host: must be a host name or an IP address (--http.host)',
      'http.port and http.metrics_port are both 1; they must differ',
    ])
  })

  it('does not mind a wrong value that a later source replaces', () => {
    const errors = errorsWithBroker({ file: 'log_level: x', env: { KPRF_LOG_LEVEL: 'warn' } })

    expect(errors).toEqual([])
  })

  it.each([
    ['an unreadable file', { argv: ['--config=missing.yaml'] }],
    ['a file that is not YAML', { file: ']' }],
    ['a file that is no mapping', { file: '[]' }],
    ['a section that is no mapping', { file: 'kafka: 5' }],
    ['a misspelt section', { file: 'kafkaa: { brokers: [a] }' }],
    ['a misspelt key', { file: 'kafka: { broker: [a] }' }],
    ['a misspelt variable', { env: { KPRF_KAFKA_BROKER: 'a' } }],
    ['a misspelt flag', { argv: ['--kafka.broker=a'] }],
    ['a flag without value', { argv: ['--kafka.brokers'] }],
    ['a misspelt --config', { argv: ['--conf=kprf.yaml'] }],
    ['--config without value', { argv: ['--config'] }],
  ])('does not also report missing brokers after %s', (_, options) => {
    expect(errorsOf(options)).toHaveLength(1)
  })

  it('still complains of no brokers after a mistake elsewhere', () => {
    expect(errorsOf({ file: 'zzzzzzzz: 1' })).toEqual([
      'the file: has an unknown key (kprf.yaml:1:1)',
      expect.stringContaining('kafka.brokers is empty'),
    ])
  })

  it('keeps an error on one line, whatever the file is called', () => {
    expect(errorsWithBroker({ argv: ['--config=a\n\u001b[31mb'] })).toEqual([
      'a [31mb: cannot read the configuration file: ENOENT: no such file or directory',
    ])
  })

  it('never names the value of a secret', () => {
    const errors = errorsWithBroker({
      file: 'kafka: { password: [hunter2], ssl: { key_password: { hunter2: 1 } }, properties: { ssl.key.pem: [hunter2] } }',
      env: { KPRF_KAFKA_PASWORD: 'hunter2' },
      argv: ['--kafka.passwrd=hunter2', '--kafka.pasword', 'hunter2'],
    })

    expect(errors).toHaveLength(6)
    expect(errors.join()).not.toContain('hunter2')
  })
})
