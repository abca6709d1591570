/** The command line of kprf: which command is meant, and the text of those that only print. */
import { parseCommandLine } from './config/flags.ts'
import { nearest } from './config/nearest.ts'
import { printSettings } from './config/print.ts'
import { resolveConfig } from './config/resolve.ts'
import type { ConfigSources } from './config/resolve.ts'
import { SETTINGS } from './config/settings.ts'
import { ProxyError } from './errors.ts'
import type { BuildInfo } from './version.ts'

/** Exit codes; those above 1 are the ones of BSD's sysexits. */
export const EXIT_CODES = {
  ok: 0,
  /** Records were lost, or kprf failed. */
  failed: 1,
  /** EX_USAGE: no such command. */
  usage: 64,
  /** EX_CONFIG: the configuration is wrong. */
  config: 78,
} as const

/** What the user asks for. */
export type Command =
  | { readonly kind: 'run' | 'check' | 'print' | 'help' | 'version' }
  | { readonly kind: 'unknown'; readonly complaint: string }

/** What a command prints: to stdout if `exitCode` is 0, to stderr if not. */
export interface Output {
  /** Lines, the last one ended too. */
  readonly text: string
  readonly exitCode: number
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['', { kind: 'run' }],
  ['config check', { kind: 'check' }],
  ['config print', { kind: 'print' }],
])

/**
 * Finds the command of arguments (without those for node and the script). Flags are not looked at,
 * but for `--help` and `--version`: {@link resolveConfig} reports wrong ones.
 */
export function parseCommand(argv: readonly string[]): Command {
  const { words, flags } = parseCommandLine(argv)
  if (flags.some(({ name }) => name === 'help')) return { kind: 'help' }
  if (flags.some(({ name }) => name === 'version')) return { kind: 'version' }
  const given = words.join(' ')
  const command = COMMANDS.get(given)
  if (command !== undefined) return command
  const names = [...COMMANDS.keys()].filter((name) => name !== '')
  const meant = nearest(
    given,
    names.map((name) => [name, name] as const),
  )
  const guess = meant === undefined ? 'see kprf --help' : `did you mean kprf ${meant}?`
  return { kind: 'unknown', complaint: `${given}: unknown command; ${guess}` }
}

/** `kprf config check`: says `ok`, or what is wrong. */
export function checkConfig(sources: ConfigSources): Output {
  return outputOf(() => {
    resolveConfig(sources)
    return 'ok\n'
  })
}

/** `kprf config print`: the settings in effect, or what is wrong. */
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
       kprf config check [--config=FILE] [--KEY=VALUE ...]
       kprf config print [--config=FILE] [--KEY=VALUE ...]

Takes records by HTTP and produces them to Kafka.

Commands:
  (none)        Serve until SIGTERM or SIGINT.
  config check  Say whether the configuration is right.
  config print  Print the configuration in effect, secrets masked.

Flags:
  -c, --config=FILE  Configuration file, YAML.
  -h, --help         Print this.
  -v, --version      Print the version.

Every key of the file is also a flag and an environment variable. The file counts
more than the defaults, the environment more than the file, flags more than both.
`

/** As it would be written after `--key=`; every list is empty by default. */
function shownDefault(value: unknown): string {
  if (Array.isArray(value)) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function firstSentence(doc: string): string {
  const end = doc.indexOf('. ')
  return (end === -1 ? doc : doc.slice(0, end + 1)).replaceAll('`', '')
}

/** `kprf --version`: the commit too, where it is known. */
export function versionText({ version, commitHash }: BuildInfo): string {
  return `kprf ${version}${commitHash === 'unknown' ? '' : ` (${commitHash})`}\n`
}
