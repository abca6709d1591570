/**
 * Runs the tests of faults and writes what they saw to `docs/RELIABILITY.md`:
 * `node test/faults/generate-table.ts`. Ends with 1 when one fails, and names it; the page then
 * lacks its row.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'prettier'
import type { FaultEvidence } from './support/evidence.ts'
import { scriptArguments } from '../../scripts/arguments.ts'

scriptArguments('Usage: npm run docs:faults', {})

/** The part of vitest's JSON report that the page is made of. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly TestResult[]
  }[]
}

interface TestResult {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  readonly meta: { readonly fault?: FaultEvidence }
}

const ROOT = join(import.meta.dirname, '..', '..')
const TITLE = /^P(?<row>\d+) (?<fact>.+)$/

const INTRODUCTION = `<!-- Made by \`npm run docs:faults\`. -->

# Reliability

Each row is a test in \`test/faults\`: a complete kprf in front of the embedded broker, which misbehaves. The
columns show what that test saw: the replies to clients, where the records were at the end, and the
log lines and metrics that show the fault to an operator.

The balance is received = delivered + failed + rejected + queued, in records, as \`/metrics\` reports them:
\`kprf_records_received_total\` = \`kafka_sent_messages\` + \`kprf_records_failed_total\` +
\`kprf_records_rejected_total\` + \`kafka_internal_queue_size\`. "Stored twice" counts duplicates in the brokers. In no
row was a record answered \`ok\` and lost, or reported as not stored and stored. Rows without a balance
stop the process, and count what its log reports.`

function runTests(): readonly TestResult[] {
  const directory = mkdtempSync(join(tmpdir(), 'kprf-faults-'))
  const outputFile = join(directory, 'report.json')
  try {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
    const filter = ['--project', 'integration', 'test/faults/']
    const report = ['--reporter=json', `--outputFile=${outputFile}`]
    spawnSync(process.execPath, [vitest, 'run', ...filter, ...report], { cwd: ROOT })
    const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8')) as Report
    return testResults.flatMap(({ assertionResults }) => assertionResults)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** `docs/RELIABILITY.md`, of the tests that passed. */
async function reliabilityPage(results: readonly TestResult[]): Promise<string> {
  const rows = results
    .filter(({ status }) => status === 'passed')
    .flatMap(rowOf)
    .sort((one, other) => one.row - other.row || one.fact.localeCompare(other.fact))
    .map(({ cells }) => cells)
  const header = ['Row', 'Fault', 'What follows', 'Replies', 'Balance', 'Log', 'Metrics']
  const lines = [header, header.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  return await format([INTRODUCTION, '', ...lines].join('\n'), { parser: 'markdown' })
}

function rowOf({ ancestorTitles, title, meta: { fault } }: TestResult): {
  readonly row: number
  readonly fact: string
  readonly cells: readonly string[]
}[] {
  const { row, fact } = TITLE.exec(title)?.groups ?? {}
  if (row === undefined || fact === undefined || fault === undefined) return []
  const { replies, balance, log, metrics, signs } = fault
  const lines = log.map((line) => code(line)).join('<br>')
  const cells = [
    `P${row}`,
    ancestorTitles.join(', '),
    fact,
    [...replies].sort().join(', '),
    balance,
    lines,
    [code(metrics), ...signs.map(code)].filter((text) => text !== '').join('<br>'),
  ]
  return [{ row: Number(row), fact, cells }]
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

const results = runTests()
const failed = results.filter(({ status }) => status === 'failed').map(({ title }) => title)
writeFileSync(join(ROOT, 'docs', 'RELIABILITY.md'), await reliabilityPage(results))
for (const title of failed) console.error(`failed, and left out: ${title}`)
process.exitCode = failed.length > 0 ? 1 : 0
