/** Decides what becomes of a configuration that a running process reads again. */
import { camelCaseName } from './camel-case.ts'
import { PROPERTIES_SECTION } from './properties/merge-names.ts'
import { SETTINGS } from './settings.ts'
import type { Config } from './types.ts'

/** A configuration that was read again, beside the one in use. */
export interface Reloaded {
  /** That in use, with the new values of all keys that need no restart. */
  readonly config: Config
  /** Keys whose new values `config` has. */
  readonly changed: readonly string[]
  /** Keys whose new values wait for a restart. */
  readonly waiting: readonly string[]
}

/** Takes over the keys whose rows in the schema say `reload: true`; the others stay as they are. */
export function reloaded(current: Config, loaded: Config): Reloaded {
  const { auth, acl, quotas, topics, metricsAuth } = loaded.http
  const { tokens, tokensFile, anonymous } = auth
  const config: Config = {
    ...current,
    logLevel: loaded.logLevel,
    ratelimit: loaded.ratelimit,
    tokensOfFile: loaded.tokensOfFile,
    warnings: loaded.warnings,
    http: {
      ...current.http,
      ...{ acl, quotas, topics, metricsAuth },
      auth: { ...current.http.auth, tokens, tokensFile, anonymous },
    },
  }
  return {
    config,
    changed: changedKeys(current, config),
    waiting: changedKeys(config, loaded),
  }
}

/**
 * The keys whose values differ, in the order of the schema. A secret that both read from the same file is left out:
 * kprf reads it again by itself.
 */
export function changedKeys(before: Config, after: Config): readonly string[] {
  const properties = new Set([before, after].flatMap(({ kafka }) => Object.keys(kafka.properties)))
  return [
    ...SETTINGS.filter(
      ({ key }) =>
        !isSame(valueOf(before, key), valueOf(after, key)) ||
        (key === 'http.auth.tokens_file' && !isSame(before.tokensOfFile, after.tokensOfFile)),
    ).map(({ key }) => key),
    ...Array.from(properties)
      .filter((name) => !isSame(propertyOf(before, name), propertyOf(after, name)))
      .map((name) => `${PROPERTIES_SECTION}.${name}`),
  ].filter((key) => {
    const file = before.secretFiles[key]
    return file === undefined || file !== after.secretFiles[key]
  })
}

/** The value of a key, such as `http.port`. */
export function valueOf(config: Config, key: string): unknown {
  let value: unknown = config
  for (const name of key.split('.')) value = partOf(value, camelCaseName(name))
  return value
}

function propertyOf({ kafka }: Config, name: string): unknown {
  return partOf(kafka.properties, name)
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined
}

function isSame(value: unknown, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other)
}
