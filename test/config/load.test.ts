import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/cli/cli.ts'
import { load, sourcesOf } from './sources.ts'

const EXAMPLES = ['config_example.yaml', 'config_rust_example.yaml']

function exampleNamed(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
}

describe('loadConfig', () => {
  it('loads the example of kprf in Rust', () => {
    const config = load({ file: exampleNamed('config_rust_example.yaml') })

    expect(config).toMatchObject({
      kafka: {
        brokers: ['127.0.0.1:9092'],
        requestRequiredAcks: 1,
        queueBufferingMaxMs: 20,
        queueBufferingMaxKbytes: 2048,
        messageTimeoutMs: 2000,
      },
      http: { port: 4242, metricsPort: 8088 },
      outputFile: '/dev/stdout',
    })
  })

  it('finds in config_example.yaml nothing but defaults, so that who copies it loses no records', () => {
    const file = exampleNamed('config_example.yaml')

    expect(load({ file })).toEqual(load({ argv: ['--kafka.brokers=127.0.0.1:9092'] }))
  })

  it('takes every key that config_example.yaml has in comments', () => {
    const file = exampleNamed('config_example.yaml').replace(
      /^( *)# (?=( *)[\w.-]+:( |$)|  )/gm,
      '$1',
    )

    expect(load({ file }).kafka).toMatchObject({ user: 'kprf', enableIdempotence: true })
  })

  it.each(EXAMPLES)('has config check say ok to %s, without a warning', (name) => {
    expect(checkConfig(sourcesOf({ file: exampleNamed(name) }))).toEqual({
      text: 'ok\n',
      exitCode: 0,
    })
  })

  it.each([['/etc/kprf/kprf.yaml'], ['/etc/kprf/kprf.yml'], ['/etc/kprf/kprf.conf'], ['kprf']])(
    'loads %s, which KPRF_CONFIG names',
    (path) => {
      const files = { [path]: 'kafka: { brokers: [a] }' }

      expect(load({ env: { KPRF_CONFIG: path }, files }).kafka.brokers).toEqual(['a:9092'])
    },
  )

  it('prefers the file of --config to that of KPRF_CONFIG', () => {
    const files = { f: 'kafka: { brokers: [a] }' }

    expect(load({ argv: ['-cf'], env: { KPRF_CONFIG: 'g' }, files }).kafka.brokers).toEqual([
      'a:9092',
    ])
  })

  it('takes an empty KPRF_CONFIG for no file', () => {
    expect(() => load({ argv: ['--kafka.brokers=a'], env: { KPRF_CONFIG: '' } })).not.toThrow()
  })

  it('needs no file', () => {
    expect(load({ env: { KPRF_KAFKA_BROKERS: 'a,b:1' } }).kafka.brokers).toEqual(['a:9092', 'b:1'])
  })

  it('takes the file over defaults, the environment over the file, flags over both', () => {
    const file = 'kafka: { brokers: [file], client_id: file, user: file, password: file }'
    const env = {
      KPRF_KAFKA_CLIENT_ID: 'env',
      KPRF_KAFKA_USER: 'env',
      KPRF_KAFKA_PASSWORD_FILE: '/secret',
    }
    const argv = ['--kafka.user=flag']
    const { kafka } = load({ file, env, argv, files: { '/secret': 'secret' } })

    expect(kafka.retries).toBe(3)
    expect(kafka.brokers).toEqual(['file:9092'])
    expect(kafka.clientId).toBe('env')
    expect(kafka.password).toBe('secret')
    expect(kafka.user).toBe('flag')
  })

  it('is frozen all through', () => {
    const file = `{ kafka: { brokers: [a] }, ratelimit: { rules: [{ topic_name: t, max_requests_per_minute: 1 }] } }`
    const config = load({ file })

    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.kafka)).toBe(true)
    expect(Object.isFrozen(config.kafka.brokers)).toBe(true)
    expect(Object.isFrozen(config.kafka.ssl)).toBe(true)
    expect(Object.isFrozen(config.http)).toBe(true)
    expect(Object.isFrozen(config.ratelimit.rules)).toBe(true)
    expect(Object.isFrozen(config.ratelimit.rules[0])).toBe(true)
    expect(Object.isFrozen(config.shutdown)).toBe(true)
  })
})
