/** Sources of settings in memory. */
import { loadConfig } from '../../src/config/load.ts'
import type { ConfigSources } from '../../src/config/resolve.ts'
import type { Config } from '../../src/config/types.ts'
import { ProxyError } from '../../src/base/errors.ts'

export interface SourcesOptions {
  /** The text of the configuration file, given as `--config=kprf.yaml`. */
  readonly file?: string
  readonly env?: NodeJS.ProcessEnv
  readonly argv?: readonly string[]
  /** Other files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

/** Sources that read from memory; a missing file fails as in Node.js. */
export function sourcesOf({
  file,
  env = {},
  argv = [],
  files = {},
}: SourcesOptions): ConfigSources {
  const known = new Map(Object.entries(files))
  if (file !== undefined) known.set('kprf.yaml', file)
  return {
    env,
    argv: file === undefined ? argv : ['--config=kprf.yaml', ...argv],
    readFile(path) {
      const text = known.get(path)
      if (text === undefined) {
        throw new Error(`ENOENT: no such file or directory, open '${path}'`)
      }
      return text
    },
  }
}

/** Loads without reading the files that are named. */
export function load(options: SourcesOptions): Config {
  return loadConfig(sourcesOf(options), 'kafka')
}

/** Loads with a broker given, so that nothing is missing. */
export function loadWithBroker(options: SourcesOptions): Config {
  return load({ ...options, argv: ['--kafka.brokers=k', ...(options.argv ?? [])] })
}

/** The lines with which sources are refused; none if they are taken. */
export function errorsOf(options: SourcesOptions): string[] {
  try {
    load(options)
    return []
  } catch (error) {
    if (error instanceof ProxyError && error.code === 'CONFIG_INVALID') {
      return error.message.split('\n')
    }
    throw error
  }
}

/** As {@link errorsOf}, with a broker given. */
export function errorsWithBroker(options: SourcesOptions): string[] {
  return errorsOf({ ...options, argv: ['--kafka.brokers=k', ...(options.argv ?? [])] })
}
