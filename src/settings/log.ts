import type { Clock } from '../base/clock.ts'
import { secretsOf } from '../config/secrets.ts'
import type { Config } from '../config/types.ts'
import type { LogOptions } from '../telemetry/logging.ts'

/** What the log of a process is told by its configuration. */
export function logOptions(config: Config, clock: Clock): LogOptions {
  return {
    outputFile: config.outputFile,
    level: config.logLevel,
    clock,
    secrets: secretsOf(config),
  }
}
