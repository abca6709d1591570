/** The figures of docs/SCALING.md are those of docs/PERFORMANCE.md, and its examples follow from them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPage, ROOT } from './pages.ts'

const page = readPage('docs/SCALING.md').text
const flat = (text: string): string => text.replaceAll('**', '').replaceAll(/\s+/g, ' ')
const measured = flat(readPage('docs/PERFORMANCE.md').text)

/** The cells of the table below a heading. */
function tableOf(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [, ...rows] = (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'))
  return rows.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const numberOf = (text = ''): number => Number(text.replaceAll(/[^\d.]/g, ''))
const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')

/** What one record costs, in microseconds of processor time, by how it comes. */
const COSTS_US = { connection: 192, alone: 57, hundred: 1e6 / 197_000 }
const EXAMPLES = [
  [1_000, '1, new connection', COSTS_US.connection],
  [50_000, '1', COSTS_US.alone],
  [50_000, '100', COSTS_US.hundred],
  [1_000_000, '1', COSTS_US.alone],
  [1_000_000, '100', COSTS_US.hundred],
] as const
const BROKERS = 6
const LOAD = 0.5
const WORKERS_OF_REPLICA = 4
const OUTAGE_S = 300
const RECORD_BYTES = 1_024
/** In the log: its own, and a topic and a key of usual length. */
const LOGGED_BYTES = RECORD_BYTES + 24 + 26
const MIB = 2 ** 20

/** A row of the examples. */
function exampleOf(perSecond: number, push: string, costUs: number): readonly string[] {
  const busy = (perSecond * costUs) / 1e6
  const workers = Math.ceil(busy / LOAD)
  const serving = Math.ceil(workers / WORKERS_OF_REPLICA)
  const workersOfReplica = Math.ceil(workers / serving)
  const waiting = (perSecond * OUTAGE_S) / serving
  const memoryMib = (1.6 * waiting * RECORD_BYTES) / MIB + 120
  return [
    ...[grouped(perSecond), push, busy.toFixed(1), grouped(workers)],
    `${serving + 1} x ${workersOfReplica}`,
    grouped((serving + 1) * workersOfReplica * (BROKERS + 1)),
    grouped((perSecond * RECORD_BYTES) / 1e6 / serving),
    memoryMib < 1_024 ? `${grouped(memoryMib)} MiB` : `${grouped(memoryMib / 1_024)} GiB`,
    `${((waiting * LOGGED_BYTES) / 2 ** 30).toFixed(1)} GiB`,
  ]
}

describe('docs/SCALING.md', () => {
  it.each(tableOf('The processor'))('quotes what "%s" costs', (...row) => {
    const [, perCore = '', cost = '', quotation = ''] = row
    expect(measured).toContain(quotation.replaceAll('`', ''))
    // The two columns say the same, as far as the shorter one is rounded.
    expect((numberOf(perCore) * numberOf(cost)) / 1e6).toBeCloseTo(1, 1)
    expect(quotation).toMatch(new RegExp(`${perCore}|\\b${numberOf(cost)}\\b`))
  })

  it.each([
    ...['13,887 against', '17,136 against', '1.62 x', '510 MiB', '407 MiB', '135 MiB more'],
    ...['155 MiB/s', '4106', '39.0 µs, 794', '2 to 3 per cent', '617 MiB/s', '20.5 µs', '28.9 µs'],
    ...[
      '89, 88 and 105',
      '79.1 µs',
      '7.2 µs, 4106',
      '3.4 µs',
      'cannot be measured on two cores',
      '<= 20 ms',
    ],
  ])('rests on %s of docs/PERFORMANCE.md', (figure) => {
    expect(measured).toContain(figure)
  })

  it('has examples that follow from them', () => {
    expect(tableOf('Examples')).toEqual(
      EXAMPLES.map(([perSecond, push, costUs]) => exampleOf(perSecond, push, costUs)),
    )
  })

  it('names measures that exist', () => {
    const bench = readFileSync(join(ROOT, 'bench/cli.ts'), 'utf8')
    const [, list = ''] = /MEASURES[^{]*\{(.*?)\}/s.exec(bench) ?? []
    const named = [...page.matchAll(/--only (\w+)/g)].map(([, name]) => name)

    expect(named.length).toBeGreaterThan(4)
    expect(named.filter((name) => !list.includes(`  ${String(name)},`))).toEqual([])
  })
})
