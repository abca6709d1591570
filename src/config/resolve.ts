/** Lays the sources over the defaults, later ones winning, and checks the outcome. */
import convict from 'convict'
import { ProxyError } from '../errors.ts'
import { brokerAddresses } from './brokers.ts'
import { RULES, securityProtocol, type Facts } from './contradictions.ts'
import { readEnvironment } from './environment.ts'
import { readFlags } from './flags.ts'
import { SCHEMA } from './schema.ts'
import type { Values } from './schema.ts'
import type { Problem, ReadFile } from './source.ts'
import type { SecurityProtocol } from './types.ts'
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
  /** Where each key that is not left to its default was set. */
  readonly origins: ReadonlyMap<string, string>
}

/** Values with nothing left to derive. */
export type EffectiveValues = Values & {
  readonly kafka: { readonly security_protocol: SecurityProtocol }
}

/**
 * Reads file, environment and flags.
 *
 * @throws ProxyError CONFIG_INVALID, its message one line for each problem.
 */
export function resolveConfig({ argv, env, readFile }: ConfigSources): Resolution {
  const flags = readFlags(argv)
  const file = flags.configFile === undefined ? [] : [readYamlFile(flags.configFile, readFile)]
  const sources = [...file, readEnvironment(env, readFile), flags]

  const config = convict<Values>(SCHEMA, { env: {}, args: [] })
  const origins = new Map<string, string>()
  for (const { found } of sources) {
    for (const [key, { value, origin }] of found) {
      config.set(key, value)
      origins.set(key, origin)
    }
  }

  const values = config.getProperties()
  const problems = [
    ...sources.flatMap((source) => source.problems),
    ...wrongValues(config, origins),
  ]
  const lines = [...problems.map(({ line }) => line), ...contradictions(values, flags, problems)]
  if (lines.length > 0) throw configInvalid(lines)
  return { values: effective(values), origins }
}

/** convict reports all wrong values at once: a line each, the key first. */
function wrongValues(
  config: convict.Config<Values>,
  origins: ReadonlyMap<string, string>,
): Problem[] {
  try {
    config.validate({ allowed: 'strict' })
    return []
  } catch (error) {
    const complaints = error instanceof Error ? error.message.split('\n') : [String(error)]
    return complaints.map((complaint) => {
      const key = complaint.slice(0, complaint.indexOf(':'))
      return { key, line: `${complaint} (${origins.get(key) ?? 'default'})` }
    })
  }
}

/** Rules are applied where all they read is known, lest one mistake be reported twice. */
function contradictions(values: Values, facts: Facts, problems: readonly Problem[]): string[] {
  const isDoubtful = (key: string): boolean =>
    problems.some(({ key: doubtful }) => {
      if (doubtful === undefined) return false
      return doubtful === '' || doubtful === key || key.startsWith(`${doubtful}.`)
    })
  return RULES.filter(({ keys }) => !keys.some(isDoubtful))
    .map(({ complaint }) => complaint(values, facts))
    .filter((complaint) => complaint !== undefined)
}

/** Names in the file can hold line ends and terminal codes; each problem stays one plain line. */
function configInvalid(lines: readonly string[]): ProxyError {
  const plain = lines.map((line) => line.replace(/\p{Cc}+/gu, ' '))
  return new ProxyError('CONFIG_INVALID', plain.join('\n'))
}

function effective(values: Values): EffectiveValues {
  const kafka = {
    ...values.kafka,
    brokers: brokerAddresses(values.kafka.brokers),
    security_protocol: securityProtocol(values),
  }
  return { ...values, kafka }
}
