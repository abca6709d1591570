/** The command line of kprf: parses the command, and makes the text of commands that only print. */
import { explainProperties } from '../config/explain.ts'
import { parseCommandLine, type CommandLine } from '../config/flags.ts'
import { loadConfig } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { printSettings } from '../config/print.ts'
import { resolveConfig } from '../config/resolve.ts'
import type { ConfigSources } from '../config/resolve.ts'
import type { Config } from '../config/types.ts'
import { readText } from '../config/source.ts'
import { ProxyError } from '../base/errors.ts'
import { accessMethods } from '../settings/access.ts'
import { tlsPorts } from '../settings/http-tls.ts'
import { transportSettings } from '../settings/kafka.ts'
import { webhookSettings } from '../settings/webhooks.ts'
import { assertLogWritable } from '../telemetry/logging.ts'
import type { BuildInfo } from '../base/build-info.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { SHELLS, type Shell } from './completion.ts'
import { doctorOptions, type DoctorOptions } from './doctor-options.ts'
import { hasHelp } from './help.ts'
import { STORAGE_COMMANDS, storageCommand, type StorageCommand } from './storage-commands.ts'

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
  /** Makes a token for a principal, or the hash of one that stdin has. */
  | { readonly kind: 'newToken'; readonly principal: string }
  | { readonly kind: 'hashToken' }
  | ({ readonly kind: 'tail' } & TailOptions)
  | ({ readonly kind: 'doctor' } & DoctorOptions)
  | StorageCommand
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
  ...['config check', 'config print', 'config explain', 'tail TOPIC', 'health', 'doctor'],
  ...STORAGE_COMMANDS,
  ...['token new PRINCIPAL', 'token hash', 'completion', 'help'],
]

/** The flags that belong to some commands. */
const OWNERS: ReadonlyMap<string, readonly Command['kind'][]> = new Map([
  ['from-beginning', ['tail']],
  ['json', ['tail', 'doctor', 'wal inspect', 'wal verify', 'dead-letters list']],
  ['ready', ['health']],
  ['embedded-broker', ['run']],
  ['properties', ['explain']],
  ['dry-run', ['wal repair']],
  ['timeout', ['doctor']],
  ['topic', ['doctor', 'dead-letters list', 'dead-letters replay', 'dead-letters drop']],
  ['all', ['dead-letters replay', 'dead-letters drop']],
  ['yes', ['dead-letters drop']],
])

/** What the user types for a command, if that is not its kind. */
const PLACES: ReadonlyMap<Command['kind'], string> = new Map([
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
  const topic = flags.findLast(({ name }) => name === 'topic')?.value
  const storage = storageCommand(words, { isSet, topic })
  if (typeof storage === 'string') return { kind: 'unknown', message: storage }
  const command =
    storage ?? doctorCommand(words, flags) ?? commandOf(words, isSet, properties?.value)
  const misplaced = [...OWNERS].find(
    ([name, owners]) => isSet(name) && !owners.includes(command.kind) && !isCheck(command, owners),
  )
  if (command.kind === 'unknown' || misplaced === undefined) return command
  const [name, owners] = misplaced
  const places = owners.map((owner) => PLACES.get(owner) ?? `kprf ${owner}`).join(', ')
  return { kind: 'unknown', message: `--${name}: works with ${places} only` }
}

/** `kprf doctor`, or what is wrong with it; `undefined` if the words are another command. */
function doctorCommand(words: readonly string[], flags: CommandLine['flags']): Command | undefined {
  if (words[0] !== 'doctor') return undefined
  if (words.length > 1) {
    const message = 'kprf doctor: takes no further word; a topic is given as --topic=TOPIC'
    return { kind: 'unknown', message }
  }
  const options = doctorOptions({
    topics: flags.filter(({ name }) => name === 'topic').map(({ value }) => value),
    timeout: flags.findLast(({ name }) => name === 'timeout'),
    isJson: flags.some(({ name }) => name === 'json'),
  })
  if (typeof options === 'string') return { kind: 'unknown', message: options }
  return { kind: 'doctor', ...options }
}

/** The help of the command that the words begin with. */
function helpOf(words: readonly string[]): Command {
  const of = [words.slice(0, 2), words.slice(0, 1)].map((some) => some.join(' ')).find(hasHelp)
  return { kind: 'help', ...(of !== undefined && { of }) }
}

/** `config check`, `config print` and `health` accept the flags of a run. */
function isCheck({ kind }: Command, owners: readonly Command['kind'][]): boolean {
  return owners.includes('run') && (kind === 'check' || kind === 'print' || kind === 'health')
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
  if (first === 'token' && topic === 'new' && more.length === 1) {
    return { kind: 'newToken', principal: more[0] ?? '' }
  }
  if (given === 'token hash') return { kind: 'hashToken' }
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
  if (first === 'token') {
    return second === 'new'
      ? 'kprf token new: takes one principal, as in kprf token new shop'
      : 'kprf token: new or hash is missing; hash reads the token from stdin'
  }
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

/**
 * Loads the configuration, and the files that it names.
 *
 * @throws ProxyError CONFIG_INVALID if kprf would not start with it.
 */
export function checkedConfig(sources: ConfigSources): Config {
  const config = loadConfig(sources)
  // These read the files that it names.
  transportSettings(config)
  accessMethods(config)
  webhookSettings(config)
  tlsPorts(config, ['http', 'metrics'])
  assertLogWritable(config.outputFile)
  return config
}

/** `kprf config check`: prints warnings and `ok`, or the errors. */
export function checkConfig(sources: ConfigSources): Output {
  return outputOf(() => {
    const { warnings } = checkedConfig(sources)
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
