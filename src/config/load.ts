/** Turns the sources into the frozen configuration that the rest of kprf reads. */
import { camelCase } from './camel-case.ts'
import { resolveConfig, type ConfigSources } from './resolve.ts'
import type { Config } from './types.ts'

/**
 * Loads the configuration: defaults, then the file of `--config` or `KPRF_CONFIG`, then the environment, then flags; later wins. The
 * result is deeply frozen.
 *
 * @param isBrokerOptional Whether `kafka.brokers` may be empty, for a command that does not ask Kafka.
 * @throws ProxyError CONFIG_INVALID, with one line for each error.
 */
export function loadConfig(sources: ConfigSources, isBrokerOptional = false): Config {
  const { values, secretFiles, warnings } = resolveConfig(sources, isBrokerOptional)
  return deepFreeze({ ...camelCase(values), secretFiles, warnings })
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  const parts: readonly unknown[] = Object.values(value)
  for (const part of parts) deepFreeze(part)
  return Object.freeze(value)
}
