import type { CamelCase } from './camel-case.ts'
import type { EffectiveValues } from './resolve.ts'

/**
 * The configuration once loaded: every key of the schema present, checked, frozen. Key `a_b` of the YAML file is `aB`
 * here; the properties of librdkafka that are no other names of keys are in `kafka.properties`, by their usual names.
 * Meaning, unit, range and default of each are in `schema.ts`, from which the documentation is made.
 */
export interface Config extends CamelCase<EffectiveValues> {
  /** What an operator should know of the configuration, a line each. */
  readonly warnings: readonly string[]
}

/** `kafka.*`. */
export type KafkaConfig = Config['kafka']

/** `http.*`. */
export type HttpConfig = Config['http']

/** One topic's limit, counted per record over a sliding minute. */
export type RatelimitRule = Config['ratelimit']['rules'][number]
