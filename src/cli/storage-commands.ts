/** The arguments of the commands that work on the files of the write-ahead log. */

/** A command on the write-ahead logs of a folder, or on their dead letters. */
export type StorageCommand = WalCommand | DeadLettersCommand

/** `kprf wal ...`. */
export type WalCommand =
  | {
      readonly kind: 'wal inspect' | 'wal verify'
      /** `undefined`: that of `wal.dir`. */
      readonly folder: string | undefined
      readonly isJson: boolean
    }
  | {
      readonly kind: 'wal repair'
      readonly folder: string | undefined
      /** Says what it would do, and changes nothing. */
      readonly isDryRun: boolean
    }

/** `kprf dead-letters ...`. */
export type DeadLettersCommand =
  | {
      readonly kind: 'dead-letters list'
      readonly topic: string | undefined
      readonly isJson: boolean
    }
  | { readonly kind: 'dead-letters replay'; readonly selection: Selection }
  | {
      readonly kind: 'dead-letters drop'
      readonly selection: Selection
      /** Whether the user need not be asked. */
      readonly isConfirmed: boolean
    }

/** Some dead letters: these, those for a topic, or all. */
export interface Selection {
  /** Empty: whatever they are. */
  readonly ids: readonly string[]
  /** `undefined`: whatever it is. */
  readonly topic: string | undefined
}

/** The flags of these commands. */
export interface StorageFlags {
  readonly isSet: (name: string) => boolean
  /** Of `--topic`; `undefined` without it. */
  readonly topic: string | undefined
}

/** The commands, as the user types them. */
export const STORAGE_COMMANDS = [
  'wal inspect',
  'wal verify',
  'wal repair',
  'dead-letters list',
  'dead-letters replay',
  'dead-letters drop',
] as const

const INCOMPLETE = {
  wal: 'kprf wal: inspect, verify or repair is missing, as in kprf wal inspect',
  'dead-letters':
    'kprf dead-letters: list, replay or drop is missing, as in kprf dead-letters list',
} as const

/** The command of these words; what is wrong with it, as text; `undefined` if it is another. */
export function storageCommand(
  words: readonly string[],
  { isSet, topic }: StorageFlags,
): StorageCommand | string | undefined {
  const [area = '', verb = '', ...rest] = words
  if (area !== 'wal' && area !== 'dead-letters') return undefined
  const kind = STORAGE_COMMANDS.find((name) => name === `${area} ${verb}`)
  if (isSet('topic') && (topic === undefined || topic === '')) {
    return '--topic: needs a value, as in --topic=orders'
  }
  const isJson = isSet('json')
  switch (kind) {
    case undefined:
      return words.length > 1 ? undefined : INCOMPLETE[area]
    case 'wal inspect':
    case 'wal verify':
    case 'wal repair': {
      const [folder] = rest
      if (rest.length > 1) return `kprf ${kind}: takes one folder`
      return kind === 'wal repair'
        ? { kind, folder, isDryRun: isSet('dry-run') }
        : { kind, folder, isJson }
    }
    case 'dead-letters list':
      return rest.length > 0
        ? 'kprf dead-letters list: takes no further word; the folder is given as --wal.dir=FOLDER'
        : { kind, topic, isJson }
    case 'dead-letters replay':
    case 'dead-letters drop': {
      const given = [rest.length > 0, topic !== undefined, isSet('all')].filter(Boolean)
      if (given.length !== 1) {
        return `kprf ${kind}: needs one of ids (kprf dead-letters list shows them), --topic=TOPIC and --all`
      }
      const selection = { ids: rest, topic }
      return kind === 'dead-letters replay'
        ? { kind, selection }
        : { kind, selection, isConfirmed: isSet('yes') }
    }
  }
}
