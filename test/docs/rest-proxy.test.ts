/** The properties of Kafka's client in docs/MIGRATION-REST-PROXY.md mean what kprf says of them. */
import { describe, expect, it } from 'vitest'
import { explainProperties } from '../../src/config/explain.ts'
import { readPage } from './pages.ts'

const [, table = ''] = readPage('docs/MIGRATION-REST-PROXY.md').text.split('\n## Key by key\n')
/** Property and cell of the key, of the rows with one `producer.` or `client.` property or several. */
const ROWS = [...table.matchAll(/^\| (`(?:producer|client)\.[^|]*) +\| ([^|]*) \|$/gm)].flatMap(
  ([, names = '', meaning = '']) =>
    [...names.matchAll(/`(?:producer|client)\.([a-z.]+)`/g)].map(([, name = '']) => ({
      ...{ name, meaning },
    })),
)

const SAME = /the same names|ssl\.keystore/
/** For properties that do not take the number 1. */
const VALUES: Readonly<Record<string, string>> = {
  'security.protocol': 'ssl',
  'sasl.mechanism': 'PLAIN',
  'compression.type': 'zstd',
  'enable.idempotence': 'true',
}
const explanationOf = (name: string): ReturnType<typeof explainProperties> =>
  explainProperties(`${name}=${VALUES[name] ?? '1'}`)

describe('docs/MIGRATION-REST-PROXY.md', () => {
  it('has many rows of client properties', () => {
    expect(ROWS.length).toBeGreaterThan(12)
  })

  it.each(
    ROWS.filter(({ meaning }) => /`kafka\.(?!properties)/.test(meaning) && !SAME.test(meaning)),
  )('gives the key for $name that kprf config explain gives', ({ name, meaning }) => {
    const [line = ''] = explanationOf(name).lines
    const keys = meaning.match(/(?<=`)kafka\.[a-z_.]+(?=`)/g) ?? []

    expect(keys.filter((key) => line.includes(key))).not.toEqual([])
  })

  it.each(ROWS.filter(({ meaning }) => SAME.test(meaning)))(
    'says that $name works under its own name',
    ({ name }) => {
      expect(explanationOf(name).lines[0]).toMatch(/works/)
    },
  )
})
