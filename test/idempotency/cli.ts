/**
 * `npm run idempotency-test [-- --pushes N --kills N --workers N --seed S]`: clients that cut their connections at random moments
 * and repeat each push until it is answered. With `--kills`, kprf has a write-ahead log and is killed so often,
 * or one of its workers is. Exits
 * with 1 if a push is missing, or stored more often than once and what the log sends again after a kill.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { runRepeatedPushes } from './run.ts'

const MAX_PRINTED = 50

const values = scriptArguments(
  'Usage: npm run idempotency-test -- [--pushes 10000] [--kills 0] [--workers 1] [--seed N]',
  {
    pushes: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
)
const [pushes, kills, seed] = [Number(values.pushes), Number(values.kills), Number(values.seed)]
const startedMs = performance.now()
const progress = new ScriptProgress({ verb: 'answered', noun: 'request', total: pushes })
const { attempts, stored, unknown, sentAgain, violations } = await runRepeatedPushes({
  ...{ pushes, kills, seed, workers: Number(values.workers) },
  onAnswer: () => {
    progress.done()
  },
})
progress.end()
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
for (const violation of violations.slice(0, MAX_PRINTED)) console.log(violation)
console.log(
  `seed ${seed}: ${pushes} pushes, ${kills} kills; ${attempts.cutEarly} connections cut before the body was whole, ${attempts.cutLate} behind it, ${attempts.lost} lost; ${attempts.replayed} answers replayed, ${attempts.inUse} times 409, ${attempts.refused} times 503; ${stored} stored, ${unknown} unknown, ${sentAgain} sent again by the log, ${violations.length} violations in ${seconds} s`,
)
process.exitCode = violations.length === 0 ? 0 : 1
