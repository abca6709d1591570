import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CATALOG, findProperty, PROPERTY_NAMES } from '../../../src/config/properties/catalog.ts'
import { PROPERTY_SETTINGS } from '../../../src/config/names.ts'
import { SETTINGS } from '../../../src/config/settings.ts'

/** The rows of CONFIGURATION.md of librdkafka 2.15. */
const ROWS = readFileSync(new URL('librdkafka-2.15.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(
    ([
      section = '',
      name = '',
      scope = '',
      range = '',
      byDefault = '',
      type = '',
      aliasOf = '',
    ]) => {
      return { section, name, scope, range, byDefault, type, aliasOf }
    },
  )

/** Of what is both a global and a topic property, the global row counts. */
const PRODUCER_ROWS = ROWS.filter(({ scope, section, name }) => {
  const isRepeated =
    section === 'topic' && ROWS.some((row) => row.section === 'global' && row.name === name)
  return scope !== 'C' && !isRepeated
})

function rangeOf(name: string): string {
  const { type, min, max, choices } = findProperty(name)?.property.kind ?? {}
  if (type === 'boolean') return 'true, false'
  return min === undefined ? (choices ?? []).join(', ') : `${min} .. ${max}`
}

describe('the catalog of librdkafka properties', () => {
  it('has all of them, under all their names, and no others', () => {
    const names = new Set(ROWS.map(({ name }) => name))

    expect(PROPERTY_NAMES.toSorted()).toEqual([...names].sort())
  })

  it.each(ROWS.filter(({ aliasOf }) => aliasOf !== '').map(({ name, aliasOf }) => [name, aliasOf]))(
    'takes %s for %s',
    (name, aliasOf) => {
      const [alias, original] = [findProperty(name), findProperty(aliasOf)]

      expect(alias?.property.verdict).toBe(original?.property.verdict)
      if (alias?.property.verdict !== 'consumer') expect(alias?.property).toBe(original?.property)
    },
  )

  it.each(ROWS.filter(({ scope }) => scope === 'C').map(({ name }) => [name]))(
    'knows that %s is for consumers',
    (name) => {
      expect(findProperty(name)?.property.verdict).toBe('consumer')
    },
  )

  it.each(PRODUCER_ROWS.map((row) => [row.name, row] as const))(
    'has the range of %s',
    (name, row) => {
      const { kind } = findProperty(name)?.property ?? {}
      const documented: Record<string, string> = {
        // The words are librdkafka's debug contexts, which mean nothing here.
        debug: '',
        'compression.codec': 'none, gzip, snappy, lz4, zstd, inherit',
        'compression.type': 'none, gzip, snappy, lz4, zstd, inherit',
      }

      expect(rangeOf(name)).toBe(documented[name] ?? row.range)
      expect(kind?.type).toBe(row.type === 'see dedicated API' ? 'API' : row.type)
    },
  )

  it.each(
    PRODUCER_ROWS.filter(({ type }) => type !== 'see dedicated API').map((row) => [
      row.name,
      row.byDefault,
    ]),
  )('has the default of %s', (name, byDefault) => {
    // What kprf can do is not what a build of librdkafka can.
    const documented = name === 'builtin.features' ? '' : byDefault.replaceAll('\\|', '|')

    expect(String(findProperty(name)?.property.librdkafkaDefault)).toBe(documented)
  })

  it('says of each what it does, or why it does nothing', () => {
    for (const { note, verdict } of CATALOG.values()) {
      expect(note).toMatch(verdict === 'key' || verdict === 'own' ? /^\S.*\.$/ : /^\S.*[^.]$/)
    }
  })

  it('gives each name a variable of its own', () => {
    const variables = [...SETTINGS, ...PROPERTY_SETTINGS].map(({ variable }) => variable)

    expect(new Set(variables).size).toBe(variables.length)
  })

  it.each(SETTINGS.flatMap(({ key, property }) => (property ? [[key, property] as const] : [])))(
    'makes the row of the property that is %s from the row of the key',
    (key, { names, note, librdkafkaDefault }) => {
      const setting = SETTINGS.find((row) => row.key === key)

      for (const name of names) {
        const found = findProperty(name)
        expect(found?.property).toMatchObject({ verdict: 'key', key, note })
        expect([found?.usualName, ...(found?.property.aliases ?? [])].sort()).toEqual(
          names.toSorted(),
        )
        expect(found?.property.librdkafkaDefault).toEqual(librdkafkaDefault ?? setting?.default)
        expect(found?.property.sensitive).toBe(setting?.sensitive)
      }
    },
  )

  it('has the bounds of keys, which are those of librdkafka', () => {
    for (const { key, kind, property } of SETTINGS) {
      const { type, min, max } = findProperty(property?.names[0] ?? '')?.property.kind ?? {}
      if (type !== kind.type) continue

      expect([min, max], key).toEqual([kind.min, kind.max])
    }
  })

  it('has what does something first, keys among it', () => {
    const verdicts = Array.from(CATALOG.values(), ({ verdict }) => verdict)
    const isActive = verdicts.map((verdict) => verdict === 'key' || verdict === 'own')

    expect(isActive.lastIndexOf(true)).toBe(isActive.indexOf(false) - 1)
  })
})
