/** The texts of `kprf --help`, `kprf help COMMAND` and `kprf COMMAND --help`. */
import { SETTINGS } from '../config/settings.ts'
import type { Kind } from '../config/kinds.ts'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { STORAGE_HELP } from './storage-help.ts'

const FILE_AND_KEYS = '[--config=FILE] [--lenient] [--KEY=VALUE ...]'
const { ok, failed, usage, damaged, inUse, config } = EXIT_CODES

/** The help of each command by the words of the command. */
const COMMAND_HELP: ReadonlyMap<string, string> = new Map([
  [
    'config',
    `Usage: kprf config check | print | explain

  config check    Check the configuration.
  config print    Print the configuration in effect.
  config explain  Explain a librdkafka properties file.

See kprf help config check, and so on.
`,
  ],
  [
    'config check',
    `Usage: kprf config check ${FILE_AND_KEYS}

Checks the configuration and the files that it names, without Kafka. Prints
warnings and ok, or one line for each error.

Exit codes: ${ok} ok, also with warnings; ${config} errors.

Example:
  kprf config check --config=/etc/kprf.yaml
`,
  ],
  [
    'config print',
    `Usage: kprf config print ${FILE_AND_KEYS}

Prints the value of every key as YAML, and where it was set. Secrets are masked.

Exit codes: ${ok} printed; ${config} errors in the configuration.

Example:
  kprf config print --config=/etc/kprf.yaml --workers=auto
`,
  ],
  [
    'config explain',
    `Usage: kprf config explain --properties=FILE

Explains what each line of a librdkafka properties file does in kprf.

Exit codes: ${ok} kprf would start with these properties; ${config} it would not.

Example:
  kprf config explain --properties=producer.properties
`,
  ],
  [
    'tail',
    `Usage: kprf tail TOPIC [--from-beginning] [--json] ${FILE_AND_KEYS}

Prints the records of a topic as they arrive, until SIGINT or SIGTERM. It waits
for a topic that does not exist yet.

  --from-beginning  Start with the oldest record.
  --json            Print one JSON object per record.

Exit codes: ${ok} stopped; ${failed} no broker can be reached; ${config} errors in the configuration.

Example:
  kprf tail orders --from-beginning --kafka.brokers=127.0.0.1:9092
`,
  ],
  [
    'health',
    `Usage: kprf health [--ready] ${FILE_AND_KEYS}

Asks the kprf that runs with this configuration, on http.metrics_port, whether it
works: /livez. Prints ok, or one line that says why not.

  --ready  Ask whether it can deliver records: /readyz.

Exit codes: ${ok} ok; ${failed} not, or no answer; ${config} errors in the configuration.

Example:
  kprf health --ready --config=/etc/kprf.yaml
`,
  ],
  [
    'doctor',
    `Usage: kprf doctor [--topic=TOPIC ...] [--timeout=SECONDS] [--json] ${FILE_AND_KEYS}

Checks all that kprf needs to deliver records: configuration, names, connections,
TLS, SASL, the address that each broker advertises, topics, clock, disk, limits,
ports, certificates. Prints a line for each, and what to do. It works beside a
kprf that runs, writes nothing to Kafka, and leaves nothing on the disk.

  --topic=TOPIC      Check this topic; may be repeated. Otherwise those that the
                     configuration names.
  --timeout=SECONDS  How long each step may take, such as a connection; default 5.
  --json             Print one JSON document, at the end.

Exit codes: ${ok} no problem, also with warnings; ${failed} problems, or stopped;
${usage} wrong flags; ${config} errors in the configuration.

Example:
  kprf doctor --topic=orders --config=/etc/kprf.yaml
`,
  ],
  ...STORAGE_HELP,
  [
    'token',
    `Usage: kprf token new PRINCIPAL
       kprf token hash < FILE

Makes tokens for http.auth.tokens. The configuration has only their SHA-256.

  token new   Make a token. Its entry for the configuration goes to stdout, the
              token itself to stderr.
  token hash  Print the SHA-256 of a token that stdin has.

Exit codes: ${ok} printed; ${usage} no principal, or no token.

Examples:
  kprf token new shop >> /etc/kprf-tokens.yaml
  printf %s "$TOKEN" | kprf token hash
`,
  ],
  [
    'completion',
    `Usage: kprf completion bash | zsh | fish

Prints a script that completes commands and flags in a shell.

Examples:
  source <(kprf completion bash)    in ~/.bashrc
  source <(kprf completion zsh)     in ~/.zshrc, after compinit
  kprf completion fish | source     in ~/.config/fish/config.fish
`,
  ],
])

/** Whether a command has a help of its own. */
export function hasHelp(command: string): boolean {
  return COMMAND_HELP.has(command)
}

/** The help of a command, or of kprf if it has none of its own. */
export function helpText(command = ''): string {
  const ofCommand = COMMAND_HELP.get(command)
  if (ofCommand !== undefined) return ofCommand
  const settings = SETTINGS.map(({ key, variable, doc, default: value, kind }) => {
    const meaning = `${firstSentence(doc)}${shownChoices(kind)}`
    return `  --${key}=${shownDefault(value)}  [${variable}]\n      ${meaning}`
  })
  return `${USAGE}\n${settings.join('\n')}\n`
}

const USAGE = `Usage: kprf ${FILE_AND_KEYS}
       kprf --embedded-broker [--KEY=VALUE ...]
       kprf tail TOPIC [--from-beginning] [--json] [--config=FILE] [--KEY=VALUE ...]
       kprf health [--ready] [--config=FILE] [--KEY=VALUE ...]
       kprf doctor [--topic=TOPIC ...] [--timeout=SECONDS] [--json] [--config=FILE] [--KEY=VALUE ...]
       kprf config check [--config=FILE] [--KEY=VALUE ...]
       kprf config print [--config=FILE] [--KEY=VALUE ...]
       kprf config explain --properties=FILE
       kprf wal inspect | verify [FOLDER] [--json] [--config=FILE] [--KEY=VALUE ...]
       kprf wal repair [FOLDER] [--dry-run] [--config=FILE] [--KEY=VALUE ...]
       kprf dead-letters list [--topic=TOPIC] [--json] [--config=FILE] [--KEY=VALUE ...]
       kprf dead-letters replay | drop ID ... | --topic=TOPIC | --all [--yes] [--config=FILE] [--KEY=VALUE ...]
       kprf token new PRINCIPAL | hash
       kprf completion bash | zsh | fish
       kprf help [COMMAND]

Accepts records over HTTP and produces them to Kafka.

Commands:
  (none)          Serve until SIGTERM or SIGINT.
  config check    Check the configuration.
  config print    Print the configuration in effect, secrets masked.
  config explain  Explain the effect of each line of a librdkafka properties file.
  tail TOPIC      Print the records of a topic as they arrive.
  health          Ask a running kprf whether it works.
  doctor          Check all that kprf needs to deliver records, and say what to do.
  wal             Look into write-ahead logs, check them, repair them.
  dead-letters    List the records that Kafka refuses for good, send them again, drop them.
  token           Make a token with which a client may push.
  completion      Print a script that completes commands and flags in a shell.
  help            Print this, or the help of a command.

Flags:
  -c, --config=FILE  Configuration file, YAML. Also the variable KPRF_CONFIG.
  --properties=FILE  With config explain: file of librdkafka properties.
  --lenient          Ignore unknown keys, variables and flags, with a warning each.
  --embedded-broker  Start a Kafka broker in memory, to try kprf out.
  --from-beginning   With tail: start with the oldest record.
  --json             With tail and dead-letters list: print one JSON object per record. With wal and doctor: one object.
  --ready            With health: ask whether it can deliver records.
  --dry-run          With wal repair: say what it would do.
  --topic=TOPIC      With dead-letters: those for this topic. With doctor: check it; may be repeated.
  --timeout=SECONDS  With doctor: how long each step may take.
  --all              With dead-letters replay and drop: all of them.
  --yes              With dead-letters drop: do not ask.
  -h, --help         Print this, or the help of the command.
  -V, --version      Print the version.

Examples:
  kprf --kafka.brokers=127.0.0.1:9092
  kprf --config=/etc/kprf.yaml --workers=auto
  KPRF_KAFKA_BROKERS=a:9092,b:9092 kprf

Exit codes:
  ${ok}   stopped, and the records that were in the queue were delivered
  ${failed}   stopped, and some of these were lost; or kprf failed
  ${usage}  no such command
  ${damaged}  a write-ahead log is damaged
  ${inUse}  another process uses what the command would change
  ${config}  errors in the configuration

Every key of the file is also a flag and an environment variable. Flags override
the environment, the environment overrides the file, the file overrides defaults.
This includes every producer property of librdkafka: --kafka.properties.linger.ms=5.
docs/CONFIGURATION.md describes each of them in full.
`

/** The value as written after `--key=`; every list is empty by default. */
function shownDefault(value: unknown): string {
  if (Array.isArray(value)) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A line with the words to choose from, if there are any. */
function shownChoices({ choices = [] }: Kind): string {
  const words = choices.filter((word) => word !== '')
  return words.length === 0 ? '' : `\n      One of ${words.join(', ')}.`
}

/** The first sentence of a key's meaning, as plain text: a link is the name of its page. */
export function firstSentence(doc: string): string {
  const end = doc.indexOf('. ')
  return (end === -1 ? doc : doc.slice(0, end + 1))
    .replaceAll('`', '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
}
