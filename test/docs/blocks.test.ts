/**
 * Every block of code of every page is run or checked, or says in a comment above it why not. What a page names in its
 * text exists: keys, npm scripts, metrics.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NAMES_BY_KEY, SECTIONS } from '../../src/config/names.ts'
import { metricNames, problemsOf } from './checks.ts'
import { allPages, type Block, parsePage, ROOT } from './pages.ts'

const pages = allPages()
const blocks = pages.flatMap((page) => page.blocks)
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** The file that is said to run a block names its page, or has each of its lines. */
function isRunBy({ place, text }: Block, file: string): boolean {
  if (!existsSync(join(ROOT, file))) return false
  const runner = readFileSync(join(ROOT, file), 'utf8')
  const [page = ''] = place.split(':')
  const lines = text.split('\n').map((line) => line.replace(/ *#.*/, '').trim())
  return runner.includes(basename(page)) || lines.every((line) => runner.includes(line))
}

describe('the blocks of code', () => {
  it.each(blocks)('$place ($language) is run or checked', (block) => {
    expect(problemsOf(block)).toEqual([])
  })

  it.each(blocks.filter(({ marker }) => marker?.kind === 'run by'))(
    '$place is run by $marker.text',
    (block) => {
      expect(isRunBy(block, block.marker?.text ?? '')).toBe(true)
    },
  )

  it.each(blocks.filter(({ marker }) => marker?.kind === 'not run'))(
    '$place says why it is not run',
    ({ marker }) => {
      expect(marker?.text.length).toBeGreaterThan(15)
    },
  )

  it('are found to be wrong where they are', () => {
    const fence = (language: string, code: string): string =>
      `\`\`\`${language}\n${code}\n\`\`\`\n\n`
    const page = parsePage(
      'docs/A.md',
      [
        ...[fence('json', '{'), fence('yaml', 'http: { prot: 1 }'), fence('yaml', 'a: [')],
        ...[fence('sh', 'curl a\nrm b'), fence('sh', 'curl a \\\n  -d b')],
        ...[fence('promql', 'rate(kprf_no_such_total[5m])'), fence('ts', 'const =')],
        ...[fence('cobol', 'STOP RUN.'), '<!-- not run: there is no compiler -->\n\n'],
        fence('cobol', 'STOP RUN.'),
      ].join(''),
    )
    const problems = page.blocks.map((block) => problemsOf(block).length > 0)

    expect(problems).toEqual([true, true, true, true, false, true, true, true, false])
    const [, , , , , promql] = page.blocks
    expect(promql && isRunBy(promql, '.ci/run')).toBe(false)
    expect(promql && isRunBy(promql, 'no/such/file')).toBe(false)
  })
})

const metrics = metricNames()
/** The beginning of names, and what exists only while there are certificates. */
const OTHER_METRICS = /^kprf_(worker|certificate_expiry_seconds)$/

/** What pages name in the way of keys, and is none of kprf's: of OpenTelemetry, Python, and the REST Proxy. */
const OTHER_NAMES =
  /^http\.(client|request|response|route)\b|\.test\.ts$|^shutdown\.graceful\.ms$|^kafka\.rest\./

describe.each(pages.filter(({ path }) => !path.endsWith('CHANGELOG.md')))('$path', ({ text }) => {
  it('names keys that exist', () => {
    const named = text.match(/(?<=`)(?:http|kafka|shutdown|ratelimit|wal)\.[a-z_.]+(?=[`:])/g) ?? []
    const isKey = (key: string): boolean => NAMES_BY_KEY.has(key) || SECTIONS.has(key)

    expect([...new Set(named)].filter((key) => !isKey(key) && !OTHER_NAMES.test(key))).toEqual([])
  })

  it('names metrics that exist', () => {
    const named = text.match(/(?<=`)kprf_[a-z_]+(?=[`{])/g) ?? []
    const exists = (name: string): boolean =>
      OTHER_METRICS.test(name) ||
      metrics.has(name) ||
      metrics.has(name.replace(/_(count|sum|bucket)$/, ''))

    expect([...new Set(named)].filter((name) => !exists(name))).toEqual([])
  })

  it('names npm scripts that exist', () => {
    const named = [...text.matchAll(/npm run (?:--?[a-z]+ )*([a-z][\w:-]*)/g)].map(
      ([, name = '']) => name,
    )

    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([])
  })
})
