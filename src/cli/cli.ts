/** The command line of kprf: parses the command, and makes the text of commands that only print. */
import { explainProperties } from '../config/explain.ts'
import { parseCommandLine } from '../config/flags.ts'
import { loadConfig } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { printSettings } from '../config/print.ts'
import { resolveConfig } from '../config/resolve.ts'
import type { ConfigSources } from '../config/resolve.ts'
import { readText } from '../config/source.ts'
import { ProxyError } from '../base/errors.ts'
import { transportSettings } from '../settings/kafka.ts'
import { assertLogWritable } from '../telemetry/logging.ts'
import type { BuildInfo } from '../base/build-info.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { SHELLS, type Shell } from './completion.ts'
import { hasHelp } from './help.ts'

/** A parsed command. */
export type Command =
  | { readonly kind: 'check' | 'print' | 'version' }
  /** `of` is a command that has a help of its own; otherwise it is that of kprf. */
  | { readonly kind: 'help'; readonly of?: string }
  | { readonly kind: 'completion'; readonly shell: Shell }
  /** `isReadiness`: asks for readiness, not only for life. */
  | { readonly kind: 'health'; readonly isReadiness: boolean }
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

const COMMANDS: readonly string[] = [
  ...[
    'config check',
    'config print',
    'config explain',
    'tail TOPIC',
    'health',
    'completion',
    'help',
  ],
]

/** The flags that belong to one command. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ['from-beginning', 'tail'],
  ['json', 'tail'],
  ['ready', 'health'],
  ['embedded-broker', 'run'],
  ['properties', 'explain'],
])

/** What the user types for each of these commands. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ['tail', 'kprf tail'],
  ['health', 'kprf health'],
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
  if (isSet('help')) return helpOf(words)
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

/** The help of the command that the words begin with. */
function helpOf(words: readonly string[]): Command {
  const of = [words.slice(0, 2), words.slice(0, 1)].map((some) => some.join(' ')).find(hasHelp)
  return { kind: 'help', ...(of !== undefined && { of }) }
}

/** `config check`, `config print` and `health` accept the flags of a run. */
function isCheck({ kind }: Command, owner: string): boolean {
  return owner === 'run' && (kind === 'check' || kind === 'print' || kind === 'health')
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
  if (given === 'health') return { kind: 'health', isReadiness: isSet('ready') }
  if (given === 'config explain') {
    return properties === undefined || properties === ''
      ? { kind: 'unknown', message: 'kprf config explain: needs --properties=FILE' }
      : { kind: 'explain', file: properties }
  }
  if (first === 'tail' && topic !== undefined && more.length === 0) {
    return { kind: 'tail', topic, fromBeginning: isSet('from-beginning'), isJson: isSet('json') }
  }
  const shell = SHELLS.find((name) => given === `completion ${name}`)
  if (shell !== undefined) return { kind: 'completion', shell }
  if (first === 'help') {
    const of = words.slice(1).join(' ')
    if (of === '' || of === 'help' || hasHelp(of)) return helpOf(words.slice(1))
  }
  return { kind: 'unknown', message: incomplete(words) ?? unknownCommand(given) }
}

/** What a command lacks or has too much of. It does not repeat words, which may be secrets. */
function incomplete(words: readonly string[]): string | undefined {
  const [first = '', second = ''] = words
  if (first === 'tail') {
    return words.length === 1
      ? 'kprf tail: the topic is missing, as in kprf tail orders'
      : 'kprf tail: takes one topic'
  }
  if (first === 'config' && words.length === 1) {
    return 'kprf config: check, print or explain is missing, as in kprf config check'
  }
  if (first === 'config' && ['check', 'print', 'explain'].includes(second)) {
    const flag = second === 'explain' ? '--properties' : '--config'
    return `kprf config ${second}: takes no further word; a file is given as ${flag}=FILE`
  }
  if (first === 'health') return 'kprf health: takes no further word; --ready asks for readiness'
  return first === 'completion' ? 'kprf completion: needs bash, zsh or fish' : undefined
}

function unknownCommand(given: string): string {
  const meant = nearest(
    given,
    COMMANDS.map((name) => [name, name] as const),
  )
  const guess = meant === undefined ? 'see kprf --help' : `did you mean kprf ${meant}?`
  return `unknown command; ${guess}`
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

/** `kprf --version`, with the commit if it is known. */
export function versionText({ version, commitHash }: BuildInfo): string {
  return `kprf ${version}${commitHash === 'unknown' ? '' : ` (${commitHash})`}\n`
}
