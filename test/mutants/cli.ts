/**
 * `node test/mutants/cli.ts [--only N,M]`: takes the rules of `mutants.ts` away one at a time, in a copy of
 * the project, and runs the tests of the producer and of faults, and a few hundred chaos schedules, on what
 * is left; of the rules of the write-ahead log, and of who may push, their own tests. Writes what noticed to `docs/MUTANTS.md`; of those
 * that `--only` leaves out (they are numbered from 0), what it says already. Exits with 1 when a mutant survives.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { format } from 'prettier'
import { applyEdits } from './apply.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGE = join(ROOT, 'docs', 'MUTANTS.md')
const COPIED = [
  'src',
  'packages',
  'test',
  'scripts',
  'docs',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]
const TESTS = ['test/producer', 'test/faults']
/** Those of rules that no chaos schedule uses: of the write-ahead log, and of who may push. */
const OWN_TESTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['log', ['test/wal']],
  // Not the tests of the gate: they wait for replies that do not come.
  ['access', ['test/fuzz', 'test/http/access/auth', 'test/ingest']],
  ['fast way', ['test/http/fast', 'test/edge-fuzz']],
])
const CHAOS_RUNS = 300
/** A mutant that makes tests hang is noticed too. */
const TESTS_TIMEOUT_MS = 600_000
const NAMED_TESTS = 3

/** What noticed that a rule was gone. */
interface Notice {
  readonly mutant: Mutant
  readonly failedTests: readonly string[]
  readonly failedSchedules: number
}

/** The part of vitest's JSON report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

function examine(mutant: Mutant): Notice {
  const directory = mkdtempSync(join(tmpdir(), 'kprf-mutant-'))
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(directory, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    applyEdits(directory, mutant.edits)
    const own = OWN_TESTS.get(mutant.rule)
    return {
      mutant,
      failedTests: runTests(directory, own ?? TESTS),
      failedSchedules: own ? 0 : runChaos(directory),
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function runTests(directory: string, tests: readonly string[]): readonly string[] {
  const outputFile = join(directory, 'report.json')
  const vitest = join(directory, 'node_modules', 'vitest', 'vitest.mjs')
  const options = [
    ...['--project', 'pure', '--project', 'counted', '--project', 'integration'],
    ...['--reporter=json', `--outputFile=${outputFile}`],
  ]
  spawnSync(process.execPath, [vitest, 'run', ...options, ...tests], {
    cwd: directory,
    env: { ...process.env, TEST_RUNS: '2' },
    timeout: TESTS_TIMEOUT_MS,
  })
  try {
    const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8')) as Report
    return testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => fullName)
  } catch {
    return ['(the tests did not come to an end)']
  }
}

function runChaos(directory: string): number {
  const cli = join(directory, 'test', 'simulation', 'cli.ts')
  const { stdout } = spawnSync(
    process.execPath,
    [...process.execArgv, cli, '--runs', String(CHAOS_RUNS)],
    {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      timeout: TESTS_TIMEOUT_MS,
    },
  )
  const failures = /^runs \d+, failures (\d+)/m.exec(stdout)?.[1]
  return failures === undefined ? CHAOS_RUNS : Number(failures)
}

function describeNotice({ mutant, failedTests, failedSchedules }: Notice): readonly string[] {
  const more = failedTests.length - NAMED_TESTS
  const named = failedTests.slice(0, NAMED_TESTS)
  const tests = more > 0 ? [...named, `and ${more} more`] : named
  return [mutant.rule, mutant.title, tests.join('; ') || 'none', String(failedSchedules)]
}

/** The rows of the page as it is, by title. */
function rowsSoFar(): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  const rows = lines.map((line) =>
    line.split(' | ').map((cell) => cell.replace(/^\| |\|$/g, '').trim()),
  )
  return new Map(rows.map((row) => [row[1] ?? '', row]))
}

async function mutantsPage(notices: readonly Notice[]): Promise<string> {
  const known = new Map([
    ...rowsSoFar(),
    ...notices.map((notice) => [notice.mutant.title, describeNotice(notice)] as const),
  ])
  const header = [
    'Rule',
    'Taken away',
    'Tests that fail',
    `Chaos schedules of ${CHAOS_RUNS} that fail`,
  ]
  const rows = [
    ...[header, header.map(() => '---')],
    ...MUTANTS.map(({ rule, title }) => known.get(title) ?? [rule, title, 'not run yet', '']),
  ]
  const lines = rows.map((cells) => `| ${cells.join(' | ').replaceAll('\n', ' ')} |`)
  return await format([INTRODUCTION, lines.join('\n')].join('\n\n'), { parser: 'markdown' })
}

const INTRODUCTION = `<!-- Made by \`npm run mutants\`. -->

# What would notice

kprf trusts kafkajs only because of the rules that [DESIGN.md](DESIGN.md) describes. \`npm run mutants\` removes each of
them, one at a time, and runs the tests of \`test/producer\` and \`test/faults\` and chaos schedules from seed 1 on. The table
shows which of them notice. It also covers a few rules of compression and security, and those of the write-ahead log
([WAL.md](WAL.md)), for which it runs the tests of \`test/wal\`, and those of who may push ([SECURITY.md](SECURITY.md)),
for which it runs \`npm run fuzz\` in small and the tests of \`test/http/access/auth*\` and \`test/ingest\`, and those of the fast way, for which it runs
\`npm run fuzz:edge\` in small and the tests of \`test/http/fast\`. The changes are in \`test/mutants/mutants.ts\`.`

const values = scriptArguments('Usage: npm run mutants -- [--only N,M]', {
  only: { type: 'string' },
})
const only = values.only?.split(',').map(Number)
const chosen = MUTANTS.filter((_, index) => only === undefined || only.includes(index))
const progress = new ScriptProgress({ verb: 'tried', noun: 'mutant', total: chosen.length })
const notices = chosen.map((mutant) => {
  const notice = examine(mutant)
  progress.print(describeNotice(notice).join(' | '))
  progress.done()
  return notice
})
progress.end()
writeFileSync(PAGE, await mutantsPage(notices))
const survivors = notices.filter(
  ({ failedTests, failedSchedules }) => failedTests.length === 0 && failedSchedules === 0,
)
for (const { mutant } of survivors) console.error(`survived: ${mutant.title}`)
process.exitCode = survivors.length > 0 ? 1 : 0
