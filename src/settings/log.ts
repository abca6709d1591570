import type { Clock } from '../base/clock.ts'
import { secretsOf } from '../config/secrets.ts'
import type { Config } from '../config/types.ts'
import type { LogOptions } from '../telemetry/logging.ts'

/** Converts the configuration to the options of the log. */
export function logOptions(config: Config, clock: Clock): LogOptions {
  return {
    outputFile: config.outputFile,
    level: config.logLevel,
    format: config.logFormat,
    clock,
    secrets: secretsOf(config),
  }
}
