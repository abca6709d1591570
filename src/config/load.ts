/** Turns the sources into the frozen configuration that the rest of kprf reads. */
import { ProxyError } from '../base/errors.ts'
import { camelCase } from './camel-case.ts'
import type { TokenInFile } from './lists/access-lists.ts'
import { resolveConfig, type ConfigSources } from './resolve.ts'
import { readTokensFile } from './tokens-file.ts'
import type { Config } from './types.ts'

/**
 * What a command needs the configuration for. `serve`: for everything, so that the file of tokens is read too. `kafka`:
 * to reach Kafka. `local`: for neither, so that `kafka.brokers` may be empty.
 */
export type Purpose = 'serve' | 'kafka' | 'local'

/**
 * Loads the configuration: defaults, then the file of `--config` or `KPRF_CONFIG`, then the environment, then flags; later wins. The
 * result is deeply frozen.
 *
 * @throws ProxyError CONFIG_INVALID, with one line for each error.
 */
export function loadConfig(sources: ConfigSources, purpose: Purpose = 'serve'): Config {
  const { values, secretFiles, warnings } = resolveConfig(sources, purpose === 'local')
  const { tokens_file: path } = values.http.auth
  const tokensOfFile = purpose === 'serve' ? tokensOf(path, sources) : []
  return deepFreeze({ ...camelCase(values), secretFiles, tokensOfFile, warnings })
}

function tokensOf(
  path: string,
  { readFile }: Pick<ConfigSources, 'readFile'>,
): readonly TokenInFile[] {
  if (path === '') return []
  const file = readTokensFile(path, readFile)
  if (file.status === 'read') return file.tokens
  throw new ProxyError(
    'CONFIG_INVALID',
    `http.auth.tokens_file: cannot use the file: ${file.reason}`,
  )
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  const parts: readonly unknown[] = Object.values(value)
  for (const part of parts) deepFreeze(part)
  return Object.freeze(value)
}
