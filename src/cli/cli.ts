/** The command line of kprf: parses the command, and makes the text of commands that only print. */
import { explainProperties } from '../config/explain.ts'
import { parseCommandLine } from '../config/flags.ts'
import { loadConfig } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { printSettings } from '../config/print.ts'
import { resolveConfig } from '../config/resolve.ts'
import type { ConfigSources } from '../config/resolve.ts'
import { SETTINGS } from '../config/settings.ts'
import { readText } from '../config/source.ts'
import { ProxyError } from '../base/errors.ts'
import { transportSettings } from '../settings/kafka.ts'
import { assertLogWritable } from '../telemetry/logging.ts'
import type { BuildInfo } from '../base/build-info.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'

/** A parsed command. */
export type Command =
  | { readonly kind: 'check' | 'print' | 'help' | 'version' }
  | { readonly kind: 'run'; readonly isBrokerEmbedded: boolean }
  /** `file` holds properties of librdkafka. */
  | { readonly kind: 'explain'; readonly file: string }
  | ({ readonly kind: 'tail' } & TailOptions)
  | { readonly kind: 'unknown'; readonly message: string }

/** Options of `kprf tail`. */
export interface TailOptions {
  readonly topic: string
  /** Starts with the oldest record instead of the next one. */
  readonly fromBeginning: boolean
  /** Prints one JSON object per record. */
  readonly isJson: boolean
}

/** The output of a command: to stdout if `exitCode` is 0, otherwise to stderr. */
export interface Output {
  /** Lines, each with a line end. */
  readonly text: string
  readonly exitCode: number
}

const COMMANDS: readonly string[] = ['config check', 'config print', 'config explain', 'tail TOPIC']

/** The flags that belong to one command. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ['from-beginning', 'tail'],
  ['json', 'tail'],
  ['embedded-broker', 'run'],
  ['properties', 'explain'],
])

/** What the user types for each of these commands. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ['tail', 'kprf tail'],
  ['run', 'kprf without a command'],
  ['explain', 'kprf config explain'],
])

/**
 * Parses the command from arguments (without those for node and the script). It evaluates only the switches among
 * the flags; {@link resolveConfig} reports wrong flags.
 */
export function parseCommand(argv: readonly string[]): Command {
  const { words, flags } = parseCommandLine(argv)
  const isSet = (name: string): boolean => flags.some((flag) => flag.name === name)
  if (isSet('help')) return { kind: 'help' }
  if (isSet('version')) return { kind: 'version' }
  const properties = flags.findLast(({ name }) => name === 'properties')
  const command = commandOf(words, isSet, properties?.value)
  const misplaced = [...OWNERS].find(
    ([name, owner]) => isSet(name) && owner !== command.kind && !isCheck(command, owner),
  )
  if (command.kind === 'unknown' || misplaced === undefined) return command
  const [name, owner] = misplaced
  return { kind: 'unknown', message: `--${name}: works with ${PLACES.get(owner) ?? ''} only` }
}

/** `config check` and `config print` accept the flags of a run. */
function isCheck({ kind }: Command, owner: string): boolean {
  return owner === 'run' && (kind === 'check' || kind === 'print')
}

function commandOf(
  words: readonly string[],
  isSet: (name: string) => boolean,
  properties: string | undefined,
): Command {
  const [first, topic, ...more] = words
  if (first === undefined) return { kind: 'run', isBrokerEmbedded: isSet('embedded-broker') }
  const given = words.join(' ')
  if (given === 'config check') return { kind: 'check' }
  if (given === 'config print') return { kind: 'print' }
  if (given === 'config explain') {
    return properties === undefined || properties === ''
      ? { kind: 'unknown', message: 'kprf config explain: needs --properties=FILE' }
      : { kind: 'explain', file: properties }
  }
  if (first === 'tail' && topic !== undefined && more.length === 0) {
    return { kind: 'tail', topic, fromBeginning: isSet('from-beginning'), isJson: isSet('json') }
  }
  const meant = nearest(
    given,
    COMMANDS.map((name) => [name, name] as const),
  )
  const guess = meant === undefined ? 'see kprf --help' : `did you mean kprf ${meant}?`
  return { kind: 'unknown', message: `unknown command; ${guess}` }
}

/** `kprf config check`: prints warnings and `ok`, or the errors. */
export function checkConfig(sources: ConfigSources): Output {
  return outputOf(() => {
    const config = loadConfig(sources)
    transportSettings(config) // reads the files that it names
    assertLogWritable(config.outputFile)
    const { warnings } = config
    return [...warnings.map((warning) => `warning: ${warning}\n`), 'ok\n'].join('')
  })
}

/** `kprf config explain`: prints the effect of each line of a librdkafka properties file. */
export function explainFile(path: string, { readFile }: Pick<ConfigSources, 'readFile'>): Output {
  const file = readText(path, readFile)
  if (file.status === 'failed') {
    return { text: `${path}: cannot read the file: ${file.reason}\n`, exitCode: EXIT_CODES.config }
  }
  const { lines, isRight } = explainProperties(file.text)
  const text = lines.map((line) => `${line}\n`).join('')
  return { text, exitCode: isRight ? EXIT_CODES.ok : EXIT_CODES.config }
}

/** `kprf config print`: prints the settings in effect, or the errors. */
export function printConfig(sources: ConfigSources): Output {
  return outputOf(() => printSettings(resolveConfig(sources)))
}

function outputOf(text: () => string): Output {
  try {
    return { text: text(), exitCode: EXIT_CODES.ok }
  } catch (error) {
    if (error instanceof ProxyError && error.code === 'CONFIG_INVALID') {
      return { text: `${error.message}\n`, exitCode: EXIT_CODES.config }
    }
    throw error
  }
}

/** `kprf --help`. */
export function helpText(): string {
  const settings = SETTINGS.map(({ key, variable, doc, default: value }) => {
    return `  --${key}=${shownDefault(value)}  [${variable}]\n      ${firstSentence(doc)}`
  })
  return `${USAGE}\n${settings.join('\n')}\n`
}

const USAGE = `Usage: kprf [--config=FILE] [--KEY=VALUE ...]
       kprf --embedded-broker [--KEY=VALUE ...]
       kprf tail TOPIC [--from-beginning] [--json] [--config=FILE] [--KEY=VALUE ...]
       kprf config check [--config=FILE] [--KEY=VALUE ...]
       kprf config print [--config=FILE] [--KEY=VALUE ...]
       kprf config explain --properties=FILE

Accepts records over HTTP and produces them to Kafka.

Commands:
  (none)          Serve until SIGTERM or SIGINT.
  config check    Check the configuration.
  config print    Print the configuration in effect, secrets masked.
  config explain  Explain the effect of each line of a librdkafka properties file.
  tail TOPIC      Print the records of a topic as they arrive.

Flags:
  -c, --config=FILE  Configuration file, YAML. Also the variable KPRF_CONFIG.
  --properties=FILE  With config explain: file of librdkafka properties.
  --lenient          Ignore unknown keys, variables and flags, with a warning each.
  --embedded-broker  Start a Kafka broker in memory, to try kprf out.
  --from-beginning   With tail: start with the oldest record.
  --json             With tail: print one JSON object per record.
  -h, --help         Print this.
  -V, --version      Print the version.

Every key of the file is also a flag and an environment variable. Flags override
the environment, the environment overrides the file, the file overrides defaults.
This includes every producer property of librdkafka: --kafka.properties.linger.ms=5.
`

/** The value as written after `--key=`; every list is empty by default. */
function shownDefault(value: unknown): string {
  if (Array.isArray(value)) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function firstSentence(doc: string): string {
  const end = doc.indexOf('. ')
  return (end === -1 ? doc : doc.slice(0, end + 1)).replaceAll('`', '')
}

/** `kprf --version`, with the commit if it is known. */
export function versionText({ version, commitHash }: BuildInfo): string {
  return `kprf ${version}${commitHash === 'unknown' ? '' : ` (${commitHash})`}\n`
}
