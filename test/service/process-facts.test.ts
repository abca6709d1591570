import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import { processFacts } from '../../src/service/process-facts.ts'

const configOf = (level: string): Config =>
  loadConfig({ argv: ['--kafka.brokers=k', `--log_level=${level}`], env: {}, readFile: () => '' })

it('says what is in effect now: the configuration that was read again, and what the checks find', () => {
  let config = configOf('info')
  let problem: string | undefined = 'not connected yet'
  const checks = () => [
    { name: 'accepting', problem: undefined },
    { name: 'kafka', problem },
  ]
  const facts = processFacts({ config: () => config, checks }, { epochMs: () => 5_000 })
  const before = facts.configHash()

  expect(facts.isReady()).toBe(false)
  expect(facts.configHash()).toBe(before)
  config = configOf('debug')
  problem = undefined
  expect(facts.isReady()).toBe(true)
  expect(facts.configHash()).not.toBe(before)
  expect(facts.startedMs).toBe(5_000)
  expect(facts.memoryLimitBytes).toBeGreaterThan(0)
})
