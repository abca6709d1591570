import { describe, expect, it } from 'vitest'
import { printSettings } from '../../src/config/print.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { FULL_FILE } from './samples.ts'
import { load, sourcesOf } from './sources.ts'
import type { SourcesOptions } from './sources.ts'

function print(options: SourcesOptions): string {
  return printSettings(resolveConfig(sourcesOf(options)))
}

describe('printSettings', () => {
  it('writes every key', () => {
    const printed = print({ argv: ['--kafka.brokers=k'] })

    for (const { key } of SETTINGS) {
      expect(printed).toMatch(new RegExp(`^ *${key.split('.').at(-1) ?? ''}: `, 'm'))
    }
  })

  it('says where each value that is no default was set', () => {
    const printed = print({
      file: 'kafka:\n  retries: 5',
      env: { KPRF_LOG_LEVEL: 'WARN', KPRF_KAFKA_USER_FILE: '/user', KPRF_KAFKA_PASSWORD: 'p' },
      argv: ['--kafka.brokers=a,::1,a:9092'],
      files: { '/user': 'u' },
    })

    expect(printed).toContain("brokers: [ a:9092, '[::1]:9092' ] # --kafka.brokers\n")
    expect(printed).toContain('retries: 5 # kprf.yaml:2\n')
    expect(printed).toContain('log_level: warn # KPRF_LOG_LEVEL\n')
    expect(printed).toContain('user: u # KPRF_KAFKA_USER_FILE=/user\n')
    expect(printed).toContain('security_protocol: sasl_plaintext\n')
    expect(printed).toContain('request_timeout_ms: 30000\n')
    expect(printed.match(/#/g)).toHaveLength(5)
  })

  it('masks secrets that are set, and only those', () => {
    const printed = print({ file: FULL_FILE })

    expect(printed).toMatch(/ password: '?\*{8}'? #/)
    expect(printed).toMatch(/ key_password: '?\*{8}'? #/)
    expect(printed).not.toMatch(/password-a|secret-a/)
    expect(print({ argv: ['--kafka.brokers=k'] })).not.toContain('*')
  })

  it('writes a file that loads to the same, but for the secrets', () => {
    const { kafka, http, ...others } = load({ file: FULL_FILE })
    const again = load({ file: print({ file: FULL_FILE }) })

    expect(again).toEqual({
      ...others,
      http: {
        ...http,
        tls: { ...http.tls, keyPassword: '********' },
        metricsTls: { ...http.metricsTls, keyPassword: '********' },
      },
      kafka: {
        ...kafka,
        password: '********',
        ssl: { ...kafka.ssl, keyPassword: '********' },
      },
    })
  })
})
