import type { CamelCase } from './camel-case.ts'
import type { TokenInFile } from './lists/access-lists.ts'
import type { EffectiveValues } from './resolve.ts'

/**
 * The loaded configuration: every key of the schema, checked and frozen. Key `a_b` of the YAML file is `aB` here.
 * The librdkafka properties that are not other names of keys are in `kafka.properties`, by their usual names.
 * `schema.ts` has the meaning, unit, range and default of each.
 */
export interface Config extends CamelCase<EffectiveValues> {
  /** The files of `_FILE` variables, by the key whose value they hold: they are read again when they change. */
  readonly secretFiles: Readonly<Record<string, string>>
  /** The tokens in the file of `http.auth.tokens_file`. Empty for commands that do not serve. */
  readonly tokensOfFile: readonly TokenInFile[]
  /** Warnings for the operator, one line each. */
  readonly warnings: readonly string[]
}

/** `kafka.*`. */
export type KafkaConfig = Config['kafka']

/** `http.*`. */
export type HttpConfig = Config['http']

/** The limit of one topic, in records over a sliding minute. */
export type RatelimitRule = Config['ratelimit']['rules'][number]
