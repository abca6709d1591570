/**
 * `npm run rolling-restart [-- --restarts N --seed S --kind replicas|workers]`: restarts two kprf one after the other,
 * and then the workers of one, behind HAProxy and at 70 % of the load that they can bear meanwhile: restart 0 measures
 * that. Exits with 1 if a request fails, if an acknowledged record is not stored, or if a kprf does not end with 0.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { type Restart, type RestartKind, runRolling } from './run.ts'

const usage =
  'Usage: npm run rolling-restart -- [--restarts 20] [--seed N] [--kind replicas|workers]'
const values = scriptArguments(usage, {
  restarts: { type: 'string', default: '20' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  kind: { type: 'string', default: 'both' },
})
const seed = Number(values.seed)
const kinds: readonly RestartKind[] = ['replicas', 'workers']
const chosen = kinds.filter((one) => values.kind === 'both' || values.kind === one)
const progress = new ScriptProgress({
  ...{ verb: 'made', noun: 'restart' },
  // And the one that measures.
  total: chosen.length * (1 + Number(values.restarts)),
})
const COLUMNS = ['restart', 'seconds', 'exit code', 'requests', 'failed', 'median', 'p99', 'max']

function printRow(cells: readonly string[]): void {
  progress.print(cells.map((cell, index) => cell.padStart(COLUMNS[index]?.length ?? 0)).join('  '))
}

function printRestart({ number, seconds, exitCode, report }: Restart): void {
  const times = [report.medianMs, report.p99Ms, report.maxMs].map((ms) => `${ms.toFixed(0)} ms`)
  const counts = [report.sent, report.failed].map(String)
  progress.done()
  printRow([String(number), seconds.toFixed(1), String(exitCode ?? '-'), ...counts, ...times])
}

for (const kind of chosen) {
  progress.print(`${kind}, seed ${seed}`)
  printRow(COLUMNS)
  const result = await runRolling({
    ...{ kind, restarts: Number(values.restarts), seed },
    onRestart: printRestart,
  })
  const [capacity, load] = [result.capacityPerSecond, result.loadPerSecond]
  progress.print(
    `${load.toFixed(0)} requests/s of ${capacity.toFixed(0)}; ${result.sent} sent, ${result.failed} failed; ${result.acknowledged} records acknowledged, ${result.repeated} stored twice`,
  )
  for (const violation of result.violations) progress.print(violation)
  progress.print(
    result.violations.length === 0 ? 'no request failed, no record was lost' : 'BROKEN',
  )
  if (result.violations.length > 0) process.exitCode = 1
}
progress.end()
