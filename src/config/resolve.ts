/** Merges the sources with the defaults, later sources winning, and checks the result. */
import { ProxyError } from '../base/errors.ts'
import { brokerAddresses } from './brokers.ts'
import { readEnvironment } from './environment.ts'
import { readFlags } from './flags.ts'
import { INT_MAX } from './kinds.ts'
import { mergeNames, PROPERTIES_SECTION } from './properties/merge-names.ts'
import { expandProperties } from './properties/expand.ts'
import { ADVICE } from './rules/advice.ts'
import { securityProtocol, type Facts, type Rule, type Settled } from './rules/rule.ts'
import { RULES } from './rules/rules.ts'
import type { SecurityProtocol } from './schema/kafka-access.ts'
import { trimSecrets } from './secret-text.ts'
import type { Found, ConfigError, ReadFile, Source } from './source.ts'
import { layOver } from './values.ts'
import { readYamlFile } from './yaml-file.ts'

/** Where settings come from. */
export interface ConfigSources {
  /** Command line arguments, without those for node and the script. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly readFile: ReadFile
}

/** The settings in effect, in the shape of the file. */
export interface Resolution {
  readonly values: EffectiveValues
  /** Where each key was set, for keys that are not left to their default. */
  readonly origins: ReadonlyMap<string, string>
  /** The librdkafka properties that are set and are not other names of keys. */
  readonly setProperties: ReadonlyMap<string, Found>
  /** The files of `_FILE` variables, by the key whose value they hold. */
  readonly secretFiles: Readonly<Record<string, string>>
  /** Warnings for the operator, one line each. */
  readonly warnings: readonly string[]
}

/** The values in effect, derived ones included. */
export type EffectiveValues = Settled & {
  readonly kafka: { readonly security_protocol: SecurityProtocol }
}

/**
 * Reads file, environment and flags, and merges them with the defaults.
 *
 * @param isBrokerOptional Whether `kafka.brokers` may be empty, for a command that does not ask Kafka.
 * @throws ProxyError CONFIG_INVALID, with one line for each error.
 */
export function resolveConfig(
  { argv, env, readFile }: ConfigSources,
  isBrokerOptional = false,
): Resolution {
  const flags = readFlags(argv)
  const environment = readEnvironment(env, readFile)
  const path = flags.configFile ?? environment.configFile
  const file = path === undefined ? [] : [readYamlFile(path, readFile)]
  return settle([...file, environment, flags], {
    isBrokerEmbedded: flags.isBrokerEmbedded,
    isBrokerOptional,
    isLenient: flags.isLenient || environment.isLenient,
  })
}

/**
 * Merges the given sources with the defaults and checks the result.
 *
 * @throws ProxyError CONFIG_INVALID, with one line for each error.
 */
export function settle(given: readonly Source[], facts: Facts): Resolution {
  const sources = given.map(expandProperties)
  const secrets = trimSecrets(new Map(sources.flatMap((source) => [...source.found])))
  const { keys, properties, setProperties, warnings, ...merged } = mergeNames(secrets.found)
  const origins = new Map(Array.from(keys, ([key, { origin }]) => [key, origin]))

  const laid = layOver(keys)
  const values = { ...laid.values, kafka: { ...laid.values.kafka, properties } }
  const isIgnored = ({ isUnknownName }: ConfigError): boolean =>
    facts.isLenient && isUnknownName === true
  const all = [...sources.flatMap((source) => source.errors), ...merged.errors, ...laid.errors]
  const errors = all.filter((error) => !isIgnored(error))
  const lines = [...errors.map(({ message }) => message), ...broken(RULES, values, facts, errors)]
  if (lines.length > 0) throw configInvalid(lines)
  return {
    values: effective(values, origins),
    origins,
    setProperties,
    secretFiles: secretFilesOf(keys, setProperties),
    warnings: [
      ...all.filter(isIgnored).map(({ message }) => `${message}; ignored`),
      ...secrets.warnings,
      ...warnings,
      ...broken(ADVICE, values, facts, []),
    ],
  }
}

function secretFilesOf(
  keys: ReadonlyMap<string, Found>,
  properties: ReadonlyMap<string, Found>,
): Record<string, string> {
  const named = Array.from(
    properties,
    ([name, at]) => [`${PROPERTIES_SECTION}.${name}`, at] as const,
  )
  return Object.fromEntries(
    [...keys, ...named].flatMap(([key, { file }]) => (file === undefined ? [] : [[key, file]])),
  )
}

/** Checks rules. A rule that reads a key with an error is skipped, so that one mistake is not reported twice. */
function broken(
  rules: readonly Rule[],
  values: Settled,
  facts: Facts,
  errors: readonly ConfigError[],
): string[] {
  const isDoubtful = (key: string): boolean =>
    errors.some(({ key: doubtful }) => {
      if (doubtful === undefined) return false
      return doubtful === '' || doubtful === key || key.startsWith(`${doubtful}.`)
    })
  return rules
    .filter(({ keys }) => !keys.some(isDoubtful))
    .map(({ violation }) => violation(values, facts))
    .filter((violation) => violation !== undefined)
}

/**
 * Builds the exception. Names in the file can hold line ends and terminal codes, so control characters become
 * spaces.
 */
function configInvalid(lines: readonly string[]): ProxyError {
  const plain = lines.map((line) => line.replace(/\p{Cc}+/gu, ' '))
  return new ProxyError('CONFIG_INVALID', plain.join('\n'))
}

function effective(values: Settled, origins: ReadonlyMap<string, string>): EffectiveValues {
  const { brokers, enable_idempotence: isIdempotent, retries } = values.kafka
  const kafka = {
    ...values.kafka,
    brokers: brokerAddresses(brokers),
    security_protocol: securityProtocol(values),
    // As in librdkafka: without duplicates, only the message timeout needs to end retries. Records of the write-ahead
    // log have none.
    retries:
      (isIdempotent || values.wal.enabled) && !origins.has('kafka.retries') ? INT_MAX : retries,
  }
  return { ...values, kafka }
}
