import type { LogLevel } from '../../base/log-level.ts'
import type { LogFields } from '../logging.ts'
import type { BrokerWatch } from './broker-watch.ts'
import type { Problems } from './problems.ts'

/** Remembers what the transport logs of brokers that cannot be used, or that hold kprf back. */
export function noteTransport(
  problems: Problems,
  brokers: BrokerWatch,
): (level: LogLevel, fields: LogFields) => void {
  return (level, fields) => {
    brokers.logged(fields)
    const { broker, reason, check, throttle_ms: throttleMs } = fields
    if (typeof broker !== 'string' || (level !== 'warn' && level !== 'error')) return
    const remedy = typeof check === 'string' ? remedyOf(check) : undefined
    if (typeof throttleMs === 'number') {
      problems.add({ code: 'BROKER_THROTTLES', text: `${broker}: ${throttleMs} ms`, remedy })
    } else if (typeof reason === 'string') {
      problems.add({ code: 'BROKER_CONNECTION', text: `${broker}: ${reason}`, remedy })
    }
  }
}

/** What to check is a clause, or begins with a key. */
function remedyOf(check: string): string {
  return check.startsWith('that ') ? `Check ${check}.` : `Check: ${check}.`
}
