/** The scripts of `kprf completion`, made from the schema. */
import { COMMAND_VALUES, SWITCHES } from '../config/flags.ts'
import { findProperty, PROPERTY_NAMES } from '../config/properties/catalog.ts'
import { PROPERTIES_SECTION } from '../config/properties/merge-names.ts'
import { SETTINGS } from '../config/settings.ts'
import { firstSentence } from './help.ts'
import { STORAGE_COMMANDS } from './storage-commands.ts'

/** The shells that have a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** See {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number]

const WORDS = [
  'config',
  'check',
  'print',
  'explain',
  'tail',
  'health',
  'doctor',
  ...new Set(STORAGE_COMMANDS.flatMap((command) => command.split(' '))),
  'token',
  'new',
  'hash',
  'completion',
  'help',
  ...SHELLS,
]

/** The script that completes commands and flags in a shell. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return `${COMPLETE}\n`
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${COMPLETE}\n`
    case 'fish':
      return FISH.map((line) => `${line}\n`).join('')
  }
}

/** Without the properties that kprf refuses or ignores. */
const PROPERTIES = PROPERTY_NAMES.filter((name) => {
  const verdict = findProperty(name)?.property.verdict
  return verdict === 'key' || verdict === 'own'
}).map((name) => `${PROPERTIES_SECTION}.${name}`)

const VALUES = [
  'config',
  'properties',
  ...COMMAND_VALUES,
  ...SETTINGS.map(({ key }) => key),
  ...PROPERTIES,
]

/** For bash, and zsh, which takes it too. Files complete where no word does. */
const COMPLETE = `complete -o default -W '${[
  ...WORDS,
  ...SWITCHES.map((name) => `--${name}`),
  ...VALUES.map((name) => `--${name}`),
].join(' ')}' kprf`

const MEANINGS: ReadonlyMap<string, string> = new Map(
  SETTINGS.map(({ key, doc }) => [key, firstSentence(doc)]),
)

const FISH = [
  `complete -c kprf -n __fish_use_subcommand -a '${WORDS.join(' ')}'`,
  ...SWITCHES.map((name) => `complete -c kprf -l ${name}`),
  ...VALUES.map((name) => {
    const meaning = (MEANINGS.get(name) ?? '').replaceAll("'", "\\'")
    return `complete -c kprf -r -l ${name}${meaning === '' ? '' : ` -d '${meaning}'`}`
  }),
]
