import { stringify } from 'yaml'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { changedKeys, reloaded } from '../../src/config/reload.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import type { Config } from '../../src/config/types.ts'
import { SAMPLES, type Sample } from './samples.ts'
import { load, loadWithBroker, type SourcesOptions, sourcesOf } from './sources.ts'

/** A configuration in which every key is set. */
function fullConfig(pick: (a: Sample, b: Sample) => Sample): Config {
  const file = {}
  for (const [key, a, b] of SAMPLES) setAt(file, key.split('.'), pick(a, b))
  return load({ file: stringify(file) })
}

function setAt(node: Record<string, unknown>, path: readonly string[], value: Sample): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) node[name] = value
  else setAt((node[name] ??= {}) as Record<string, unknown>, rest, value)
}

describe('a configuration that is read again', () => {
  it('gives the keys their new values whose rows say so, and no others', () => {
    const current = fullConfig((a) => a)
    const loaded = fullConfig((_, b) => b)
    const differing = SETTINGS.filter(({ key }) => {
      const [, a, b] = SAMPLES.find(([name]) => name === key) ?? []
      return JSON.stringify(a) !== JSON.stringify(b)
    })

    const { config, changed, waiting } = reloaded(current, loaded)

    const marked = differing.filter(({ reload }) => reload === true).map(({ key }) => key)
    expect(marked.length).toBeGreaterThan(5)
    expect(changed).toEqual(marked)
    expect(waiting).toEqual(differing.filter(({ reload }) => reload !== true).map(({ key }) => key))
    expect(changedKeys(config, loaded)).toEqual(waiting)
  })

  it('is the same if nothing has changed', () => {
    const { config, changed, waiting } = reloaded(
      fullConfig((a) => a),
      fullConfig((a) => a),
    )

    expect(config).toEqual(fullConfig((a) => a))
    expect([changed, waiting]).toEqual([[], []])
  })

  it('has the new tokens of the same file', () => {
    const withToken = (digit: string): Config =>
      loadConfig(
        sourcesOf({
          argv: ['--kafka.brokers=k', '--http.auth.tokens_file=tokens'],
          files: { tokens: `[{principal: shop, sha256: ${digit.repeat(64)}}]` },
        }),
      )

    const { config, changed } = reloaded(withToken('a'), withToken('b'))

    expect(changed).toEqual(['http.auth.tokens_file'])
    expect(config.tokensOfFile).toEqual([{ principal: 'shop', sha256: 'b'.repeat(64) }])
  })

  it('names librdkafka properties that need a restart', () => {
    const { waiting } = reloaded(
      loadWithBroker({}),
      loadWithBroker({ argv: ['--kafka.properties.compression.codec=lz4'] }),
    )

    expect(waiting).toEqual(['kafka.properties.compression.codec'])
  })

  it('does not speak of secrets that kprf reads again by itself', () => {
    const passwordFrom = (path: string): SourcesOptions => ({
      argv: ['--kafka.user=u'],
      env: { KPRF_KAFKA_PASSWORD_FILE: path },
    })
    const passwordOf = (path: string, password: string): Config =>
      loadWithBroker({ ...passwordFrom(path), files: { [path]: password } })

    expect(reloaded(passwordOf('a', 'old'), passwordOf('a', 'new')).waiting).toEqual([])
    expect(reloaded(passwordOf('a', 'old'), passwordOf('b', 'new')).waiting).toEqual([
      'kafka.password',
    ])
  })
})
