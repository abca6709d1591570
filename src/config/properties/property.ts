/**
 * What is known of a property of librdkafka: the values it takes there, and what kprf makes of it. The
 * builders make the rows of the catalog.
 */

/** The kinds of value, as CONFIGURATION.md of librdkafka names them. */
export type PropertyType =
  'integer' | 'float' | 'boolean' | 'enum value' | 'string' | 'CSV flags' | 'pattern list' | 'API'

/** What librdkafka lets a property be. */
export interface Kind<Value = unknown> {
  readonly type: PropertyType
  /** Smallest and largest number. */
  readonly min?: number
  readonly max?: number
  /** The words to choose from, upper or lower case alike. */
  readonly choices?: readonly string[]
  /** Whether a list stands for its items with commas between. */
  readonly isList?: boolean
  /** Words that stand for a number. */
  readonly words?: Readonly<Record<string, number>>
  /** librdkafka's default; `undefined` where it has none. */
  readonly byDefault: Value
}

/** Who does what a property asks for: an option of kafkajs, kprf itself, or Node.js below it. */
export type Doer = 'kafkajs' | 'kprf' | 'Node.js'

/** What is the same for every row. */
interface Row<Value = unknown> {
  readonly kind: Kind<Value>
  /** Other names of it. */
  readonly aliases?: readonly string[]
  /** What it does here, or why it does nothing: full sentences for the documentation. */
  readonly note: string
  /** Never printed; can be read from a file that the variable with `_FILE` appended names. */
  readonly sensitive?: boolean
  /** Values that librdkafka takes and kprf refuses, in lower case, with the reason. */
  readonly refuses?: Readonly<Record<string, string>>
  /** Values that are worth a warning, in lower case, with its words. */
  readonly warns?: Readonly<Record<string, string>>
}

/** Another name of a key of the configuration file. */
export interface KeyProperty extends Row {
  readonly verdict: 'key'
  readonly by: Doer
  readonly key: string
}

/** A setting that has no other name. */
export interface OwnProperty<Value = unknown> extends Row<Value> {
  readonly verdict: 'own'
  readonly by: Doer
  /** kprf's default, where it is not librdkafka's. */
  readonly default: Value
}

/** Taken without effect: a warning says why. */
export interface IgnoredProperty extends Row {
  readonly verdict: 'ignored'
  /** The value that says what kprf does anyway, of which nothing needs to be said. */
  readonly asIs?: string
}

/** Refused at start: leaving it out would mean to do something else than what was asked for. */
export interface RefusedProperty extends Row {
  readonly verdict: 'refused'
  /** The value that asks for nothing. */
  readonly asIs?: string
}

/** A property of consumers. */
export interface ConsumerProperty extends Row {
  readonly verdict: 'consumer'
}

/** One row of the catalog. */
export type Property =
  KeyProperty | OwnProperty | IgnoredProperty | RefusedProperty | ConsumerProperty

/** The largest C `int`. */
export const INT_MAX = 2 ** 31 - 1

/** A number without fraction. */
export function integer(
  min: number,
  max: number,
  byDefault: number,
  words?: Readonly<Record<string, number>>,
): Kind<number> {
  return { type: 'integer', min, max, byDefault, ...(words && { words }) }
}

/** A number. */
export function float(min: number, max: number, byDefault: number): Kind<number> {
  return { type: 'float', min, max, byDefault }
}

/** true or false. */
export function boolean(byDefault: boolean): Kind<boolean> {
  return { type: 'boolean', byDefault }
}

/** One of some words. */
export function oneOf<const Word extends string>(
  choices: readonly Word[],
  byDefault: NoInfer<Word>,
): Kind<Word> {
  return { type: 'enum value', choices, byDefault }
}

/** Any text. */
export function text(byDefault = ''): Kind<string> {
  return { type: 'string', byDefault }
}

/** Texts with commas between. */
export function list(): Kind<string> {
  return { ...text(), isList: true }
}

/** Words with commas between. */
export function flags(byDefault = ''): Kind<string> {
  return { type: 'CSV flags', byDefault }
}

/** Regular expressions with commas between. */
export function patterns(byDefault = ''): Kind<string> {
  return { type: 'pattern list', byDefault }
}

/** What only a program that is linked with librdkafka can set. */
export const API: Kind = { type: 'API', byDefault: undefined }

/** See {@link KeyProperty}. */
export function setsKey(key: string, row: Omit<KeyProperty, 'verdict' | 'key'>): KeyProperty {
  return { verdict: 'key', key, ...row }
}

/** See {@link OwnProperty}. */
export function own<Value>(
  row: Omit<OwnProperty<Value>, 'verdict' | 'default'> & { readonly default?: NoInfer<Value> },
): OwnProperty<Value> {
  return { ...row, verdict: 'own', default: row.default ?? row.kind.byDefault }
}

/** An {@link OwnProperty} whose value follows from others while it is not set. */
export function derived<Value>(
  row: Omit<OwnProperty<Value>, 'verdict' | 'default'>,
): OwnProperty<Value | undefined> {
  return { ...row, verdict: 'own', default: undefined }
}

/** See {@link IgnoredProperty}. */
export function ignored(kind: Kind, note: string, asIs?: string): IgnoredProperty {
  return { verdict: 'ignored', kind, note, ...(asIs !== undefined && { asIs }) }
}

/** See {@link RefusedProperty}. */
export function refused(kind: Kind, note: string, asIs?: string): RefusedProperty {
  return { verdict: 'refused', kind, note, ...(asIs !== undefined && { asIs }) }
}

/** See {@link ConsumerProperty}. */
export function consumerOnly(): ConsumerProperty {
  return { verdict: 'consumer', kind: text(), note: 'it is for consumers; kprf only produces' }
}
