import { expect, it } from 'vitest'
import { configHash } from '../../src/config/config-hash.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'

const configOf = (...argv: readonly string[]): Config =>
  loadConfig({ argv: ['--kafka.brokers=k', ...argv], env: {}, readFile: () => '' })

it.each([
  ['a key', '--kafka.queue_buffering_max_ms=7'],
  ['a property', '--kafka.properties.sticky.partitioning.linger.ms=7'],
  ['a list', '--kafka.brokers=a:1,b:2'],
])('the hash of a configuration changes with %s', (_, flag) => {
  expect(configHash(configOf(flag))).not.toBe(configHash(configOf()))
})

it('is the same for equal configurations, and for those that differ in secrets only', () => {
  const secret = (password: string): Config =>
    configOf('--kafka.user=kprf', `--kafka.password=${password}`)

  expect(configHash(configOf())).toMatch(/^[0-9a-f]{12}$/)
  expect(configHash(configOf())).toBe(configHash(configOf()))
  expect(configHash(secret('one'))).toBe(configHash(secret('other')))
})
