/**
 * What is known of a property of librdkafka: the values it takes there, and what kprf makes of it. The
 * builders make the rows of the catalog; those of properties that are other names of keys follow from the schema.
 */
import { API, text, type Kind } from '../kinds.ts'

/** Who does what a property asks for: an option of kafkajs, kprf itself, or Node.js below it. */
export type Doer = 'kafkajs' | 'kprf' | 'Node.js'

/** What is said of a property that does something. */
export interface PropertyWords {
  readonly by: Doer
  /** What it does here: full sentences for the documentation. */
  readonly note: string
  /** Words that stand for a number. */
  readonly words?: Readonly<Record<string, number>>
  /** Values that librdkafka takes and kprf refuses, in lower case, with the reason. */
  readonly refuses?: Readonly<Record<string, string>>
  /** Values that are worth a warning, in lower case, with its words. */
  readonly warns?: Readonly<Record<string, string>>
}

/** What is the same for every row. */
interface Row<Value = unknown> {
  /** What librdkafka lets it be. */
  readonly kind: Kind<Value>
  /** `undefined` where it has none. */
  readonly librdkafkaDefault: unknown
  /** Other names of it. */
  readonly aliases?: readonly string[]
  /** What it does here, or why it does nothing. */
  readonly note: string
  /** Never printed; can be read from a file that the variable with `_FILE` appended names. */
  readonly sensitive?: boolean
}

/** Another name of a key of the configuration file. */
export interface KeyProperty extends Row, PropertyWords {
  readonly verdict: 'key'
  readonly key: string
  /** kprf's default: that of the key. */
  readonly default: unknown
}

/** A setting that has no other name. */
export interface OwnProperty<Value = unknown> extends Row<Value>, PropertyWords {
  readonly verdict: 'own'
  /** kprf's default, where it is not librdkafka's; `undefined` where the value then follows from others. */
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

/** What is left to the rows of properties that do something and are no keys. */
type OwnWords = PropertyWords & Pick<Row, 'aliases' | 'sensitive'>

/** Keeps the place, in the order of the documentation, of a property that is another name of a key. */
export const KEY_PLACE = { verdict: 'key place' } as const

/** See {@link OwnProperty}. */
export function own<Value>(
  kind: Kind<Value>,
  librdkafkaDefault: NoInfer<Value>,
  words: OwnWords & { readonly default?: NoInfer<Value> },
): OwnProperty<Value> {
  return { default: librdkafkaDefault, ...words, verdict: 'own', kind, librdkafkaDefault }
}

/** An {@link OwnProperty} whose value follows from others while it is not set. */
export function derived<Value>(
  kind: Kind<Value>,
  librdkafkaDefault: NoInfer<Value>,
  words: OwnWords,
): OwnProperty<Value | undefined> {
  return { ...words, verdict: 'own', kind, librdkafkaDefault, default: undefined }
}

/** See {@link IgnoredProperty}. */
export function ignored<Value>(
  kind: Kind<Value>,
  librdkafkaDefault: NoInfer<Value>,
  note: string,
  asIs?: string,
): IgnoredProperty {
  return { verdict: 'ignored', kind, librdkafkaDefault, note, ...(asIs !== undefined && { asIs }) }
}

/** See {@link RefusedProperty}. */
export function refused<Value>(
  kind: Kind<Value>,
  librdkafkaDefault: NoInfer<Value>,
  note: string,
  asIs?: string,
): RefusedProperty {
  return { verdict: 'refused', kind, librdkafkaDefault, note, ...(asIs !== undefined && { asIs }) }
}

/** A {@link RefusedProperty} that only a program that is linked with librdkafka can set. */
export function refusedApi(note: string): RefusedProperty {
  return refused(API, undefined, note)
}

/** See {@link ConsumerProperty}. */
export function consumerOnly(): ConsumerProperty {
  const note = 'it is for consumers; kprf only produces'
  return { verdict: 'consumer', kind: text(), librdkafkaDefault: '', note }
}
