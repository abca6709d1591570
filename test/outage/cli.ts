/**
 * `npm run outage-test [-- --mib N]`: Kafka is away for as long as it takes to write so much to the write-ahead log.
 * Exits with 1 if memory grows too far, or if a record is lost, repeated or out of order.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { show } from '../../bench/support/statistics.ts'
import { runOutage } from './run.ts'

const MIB = 2 ** 20
const MAX_GROWTH_MIB = 200

const values = scriptArguments('Usage: npm run outage-test -- [--mib 1024]', {
  mib: { type: 'string', default: '1024' },
})
const progress = new ScriptProgress({ verb: 'ended', noun: 'phase', total: 3 })
const result = await runOutage(Number(values.mib) * MIB, (phase) => {
  progress.done(phase === 'warm-up' ? 0 : 1)
  progress.doing(phase)
})
progress.done()
progress.end()
const mib = (bytes: number): string => (bytes / MIB).toFixed(0)
const growth = result.residentPeak - result.residentBefore
console.log(
  `${mib(result.loggedBytes)} MiB logged while Kafka was away, ${mib(result.logBytesPerSecond)} MiB/s`,
)
console.log(
  `resident memory: ${mib(result.residentBefore)} MiB before, ${mib(result.residentPeak)} MiB at most: ${mib(growth)} MiB more (<= ${MAX_GROWTH_MIB})`,
)
console.log(
  `delivered in ${result.drainSeconds.toFixed(1)} s, ${mib(result.drainedBytesPerSecond)} MiB/s`,
)
console.log(
  `meanwhile, until the reply: pushes that wait ${show(result.syncMs, 'ms')}, that do not ${show(result.asyncMs, 'ms')}`,
)
for (const violation of result.violations) console.log(violation)
const isKept = result.violations.length === 0 && growth <= MAX_GROWTH_MIB * MIB
console.log(isKept ? 'every record once and in order' : 'BROKEN')
process.exitCode = isKept ? 0 : 1
