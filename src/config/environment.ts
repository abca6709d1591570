/** The environment: one `KPRF_` variable for every key, and `_FILE` variants for secrets. */
import { READERS } from './kinds.ts'
import { meaningOf } from './meaning.ts'
import { nearest } from './nearest.ts'
import { NAMES_BY_VARIABLE, PROPERTY_SETTINGS } from './names.ts'
import { SETTINGS, variableOf, type Name } from './settings.ts'
import { readText } from './source.ts'
import type { Found, ConfigError, ReadFile, Source } from './source.ts'

const PREFIX = 'KPRF_'
const FILE_SUFFIX = '_FILE'

/**
 * Variables that Kubernetes sets in every container of a namespace with a Service named `kprf` or `kprf-something`.
 * They are not settings, so kprf ignores them.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const SERVICE_LINK =
  /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/

/** The value of a `_PORT` variable from Kubernetes: a Service `kprf-http` sets `KPRF_HTTP_PORT`. */
const SERVICE_URL = /^(tcp|udp|sctp):\/\//

/** The configuration file: `--config` as a variable. */
const CONFIG = 'KPRF_CONFIG'

/** Whether names that kprf does not know are only warnings: the flag `--lenient` as a variable. */
const LENIENT = 'KPRF_LENIENT'

/** Variables that are no settings. */
const OPTIONS: readonly string[] = [CONFIG, LENIENT]

/** The settings from variables. */
export interface EnvironmentSource extends Source {
  /** The value of `KPRF_CONFIG`; undefined if it is empty. */
  readonly configFile: string | undefined
  /** Whether `KPRF_LENIENT` is true. */
  readonly isLenient: boolean
}

/** A name that messages may repeat, because it cannot hold a secret by mistake. */
const PLAIN_NAME = /^\w+$/

/** Each variable as its own spelling. */
const VARIABLE_SPELLINGS = [...SETTINGS, ...PROPERTY_SETTINGS]
  .flatMap(({ variable, hasFileVariable }) =>
    hasFileVariable === true ? [variable, `${variable}${FILE_SUFFIX}`] : [variable],
  )
  .concat(OPTIONS)
  .map((variable) => [variable, variable] as const)

/** Reads the settings from the variables; an unknown `KPRF_` variable is an error. */
export function readEnvironment(env: NodeJS.ProcessEnv, readFile: ReadFile): EnvironmentSource {
  const found = new Map<string, Found>()
  const errors: ConfigError[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || !variable.startsWith(PREFIX)) continue
    if (isServiceLink(variable, value) || OPTIONS.includes(variable)) continue
    const setting = NAMES_BY_VARIABLE.get(variable)
    const secret = settingOfFileVariable(variable)
    if (setting !== undefined) {
      found.set(setting.key, { value, origin: variable })
    } else if (secret === undefined) {
      errors.push(unknownVariable(variable))
    } else if (env[secret.variable] !== undefined) {
      const message = `${secret.key}: both ${secret.variable} and ${variable} are set; keep one`
      errors.push({ key: secret.key, message })
    } else {
      const file = readText(value, readFile)
      if (file.status === 'read') {
        found.set(secret.key, {
          value: file.text,
          origin: `${variable}=${value}`,
          file: value,
        })
      } else {
        // The variable may hold the secret itself by mistake.
        const message = `${secret.key}: cannot read the file that ${variable} names: ${file.reason}`
        errors.push({ key: secret.key, message })
      }
    }
  }
  const isLenient = READERS.boolean(env[LENIENT] ?? '') === true
  if (!isLenient && !/^(false)?$/i.test(env[LENIENT] ?? '')) {
    errors.push({ key: undefined, message: `${LENIENT}: must be true or false` })
  }
  return { found, errors, configFile: env[CONFIG] === '' ? undefined : env[CONFIG], isLenient }
}

function isServiceLink(variable: string, value: string): boolean {
  return SERVICE_LINK.test(variable) || (variable.endsWith('_PORT') && SERVICE_URL.test(value))
}

/** The setting whose file a `_FILE` variable names, if it may have one. */
function settingOfFileVariable(variable: string): Name | undefined {
  if (!variable.endsWith(FILE_SUFFIX)) return undefined
  const setting = NAMES_BY_VARIABLE.get(variable.slice(0, -FILE_SUFFIX.length))
  return setting?.hasFileVariable === true ? setting : undefined
}

function unknownVariable(variable: string): ConfigError {
  const { advice, meant } = meaningOf(variable.slice(PREFIX.length), [])
  const nearestVariable = nearest(variable, VARIABLE_SPELLINGS)
  const known = meant === undefined ? nearestVariable : variableOf(meant)
  const guess = known === undefined ? '' : `; did you mean ${known}?`
  const setting = NAMES_BY_VARIABLE.get(known ?? '') ?? settingOfFileVariable(known ?? '')
  const shown = PLAIN_NAME.test(variable) ? variable : `a variable that begins with ${PREFIX}`
  const message = advice ?? `unknown variable${guess}`
  return { key: setting?.key, message: `${shown}: ${message}`, isUnknownName: true }
}
