/** The command line: `kprf [words] --key=value`, where every key of the schema is a flag. */
import { KEY_SPELLINGS, NAMES_BY_KEY } from './names.ts'
import { meaningOf } from './meaning.ts'
import type { Found, ConfigError, Source } from './source.ts'

/** A parsed command line, not yet checked. */
export interface CommandLine {
  /** The arguments that are not flags: the command. */
  readonly words: readonly string[]
  readonly flags: readonly Flag[]
}

/** One flag. */
interface Flag {
  /** Position of the argument, from 1. Messages name an unknown flag by it, because the flag may be a secret. */
  readonly position: number
  /** As written: `--kafka.retries`, `-c`. */
  readonly written: string
  /** In full, without dashes: `kafka.retries`, `config`. */
  readonly name: string
  readonly value: string | undefined
}

/** The settings from flags. */
export interface FlagSource extends Source {
  /** The last `--config`. */
  readonly configFile: string | undefined
  /**
   * Whether `--embedded-broker` is given. Neither the file nor a variable can set this, so that it never happens by
   * accident.
   */
  readonly isBrokerEmbedded: boolean
  /** Whether `--lenient` is given. */
  readonly isLenient: boolean
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['-c', 'config'],
  ['-h', 'help'],
  ['-v', 'version'],
  ['-V', 'version'],
])

/** The flags that take no value. */
export const SWITCHES: readonly string[] = [
  ...['help', 'version', 'embedded-broker', 'lenient', 'from-beginning', 'json', 'ready'],
  ...['dry-run', 'all', 'yes'],
]

/** The flags that take a value and are no key: they belong to single commands. */
export const COMMAND_VALUES: readonly string[] = ['topic', 'timeout']

const FLAG_SPELLINGS = [
  ...['config', ...SWITCHES, ...COMMAND_VALUES].map((name) => [name, name] as const),
  ...KEY_SPELLINGS.filter(([, key]) => NAMES_BY_KEY.has(key)),
]

/**
 * Parses arguments (without those for node and the script): `--name=value`, `--name value` or `-cFILE`. Every flag
 * except the switches takes a value, also unknown flags, so that the value of a misspelt flag is not parsed as a
 * command.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const words: string[] = []
  const flags: Flag[] = []
  const rest = [...argv]
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const position = argv.length - rest.length
    if (!argument.startsWith('-')) {
      words.push(argument)
      continue
    }
    const [written = '', ...inline] = argument.replace(/^-c(?=[^=])/, '-c=').split('=')
    const name = SHORT_NAMES.get(written) ?? written.replace(/^--/, '')
    const isAlone = SWITCHES.includes(name) || rest[0] === undefined || isFlag(rest[0])
    const following = inline.length > 0 || isAlone ? undefined : rest.shift()
    const value = inline.length > 0 ? inline.join('=') : following
    flags.push({ position, written, name, value })
  }
  return { words, flags }
}

/** `-1` is a number, not a flag. */
function isFlag(argument: string): boolean {
  return /^-\D/.test(argument)
}

/** Reads the settings from the flags; if a flag is repeated, the last one counts. */
export function readFlags(argv: readonly string[]): FlagSource {
  const found = new Map<string, Found>()
  const errors: ConfigError[] = []
  let configFile: string | undefined
  let [isBrokerEmbedded, isLenient] = [false, false]
  let withoutValue = -1
  for (const { position, written, name, value } of parseCommandLine(argv).flags) {
    if (SWITCHES.includes(name)) {
      if (value !== undefined) errors.push(valueOfSwitch(written))
      if (name === 'embedded-broker') isBrokerEmbedded = true
      if (name === 'lenient') isLenient = true
      continue
    }
    if (COMMAND_VALUES.includes(name)) continue
    const isConfig = name === 'config'
    if (!isConfig && !NAMES_BY_KEY.has(name)) {
      // After a flag without a value, it is probably that value: report one error, not two.
      if (position !== withoutValue + 1) errors.push(unknownFlag(position, name))
    } else if (value === undefined) {
      withoutValue = position
      errors.push(noValue(written, name, argv[position]))
    } else if (isConfig) configFile = value
    else found.set(name, { value, origin: written })
  }
  return { found, errors, configFile, isBrokerEmbedded, isLenient }
}

function valueOfSwitch(written: string): ConfigError {
  return { key: undefined, message: `${written}: takes no value; write ${written} alone` }
}

function noValue(written: string, name: string, next: string | undefined): ConfigError {
  const hint = next === undefined ? '' : ', even if the value begins with a dash'
  return {
    key: keyInDoubt(name),
    message: `${written}: needs a value, as in ${written}=VALUE${hint}`,
  }
}

function unknownFlag(position: number, name: string): ConfigError {
  const { advice, meant } = meaningOf(name, FLAG_SPELLINGS)
  const guess = meant === undefined ? 'kprf --help lists them all' : `did you mean --${meant}?`
  const message = `argument ${position}: ${advice ?? `unknown flag; ${guess}`}`
  return { key: keyInDoubt(meant), message, isUnknownName: true }
}

/** The key that is uncertain after an error; without the file, all keys are. */
function keyInDoubt(name: string | undefined): string | undefined {
  return name === 'config' ? '' : name
}
