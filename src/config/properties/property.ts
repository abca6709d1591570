/**
 * A property of librdkafka: its allowed values there, and its treatment in kprf. The functions build the rows of
 * the catalog; the rows of properties that are other names of keys follow from the schema.
 */
import { API, text, type Kind } from '../kinds.ts'

/** What implements a property: an option of kafkajs, kprf itself, or Node.js. */
export type Doer = 'kafkajs' | 'kprf' | 'Node.js'

/** The description of a property with an effect. */
export interface PropertyWords {
  readonly by: Doer
  /** Its effect in kprf, in full sentences for the documentation. */
  readonly note: string
  /** Words that stand for a number. */
  readonly words?: Readonly<Record<string, number>>
  /** Values that librdkafka accepts and kprf refuses, in lower case, with the reason. */
  readonly refuses?: Readonly<Record<string, string>>
  /** Numbers that librdkafka accepts and kprf refuses, with the reason. */
  readonly refusesMoreThan?: { readonly max: number; readonly reason: string }
  /** Values with a warning, in lower case, with its text. */
  readonly warns?: Readonly<Record<string, string>>
}

/** The fields of every row. */
interface Row<Value = unknown> {
  /** The values that librdkafka allows. */
  readonly kind: Kind<Value>
  /** `undefined` if it has none. */
  readonly librdkafkaDefault: unknown
  /** Other names of it. */
  readonly aliases?: readonly string[]
  /** Its effect in kprf, or why it has none. */
  readonly note: string
  /** Never printed; its `_FILE` variable may name a file with the value. */
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
  /** kprf's default; `undefined` if the value follows from other settings. */
  readonly default: Value
}

/** Accepted without effect; a warning says why. */
export interface IgnoredProperty extends Row {
  readonly verdict: 'ignored'
  /** The value that kprf implements anyway, so that no warning is needed. */
  readonly asIs?: string
}

/** Refused at start, because ignoring it would do something else than the user expects. */
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

/** The fields that the row of such a property gives itself. */
type OwnWords = PropertyWords & Pick<Row, 'aliases' | 'sensitive'>

/** Marks the place of a key's property in the order of the documentation. */
export const KEY_PLACE = { verdict: 'key place' } as const

/** See {@link OwnProperty}. */
export function own<Value>(
  kind: Kind<Value>,
  librdkafkaDefault: NoInfer<Value>,
  words: OwnWords & { readonly default?: NoInfer<Value> },
): OwnProperty<Value> {
  return { default: librdkafkaDefault, ...words, verdict: 'own', kind, librdkafkaDefault }
}

/** An {@link OwnProperty} whose value follows from other settings if it is not set. */
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

/** A {@link RefusedProperty} that only a program linked with librdkafka can set. */
export function refusedApi(note: string): RefusedProperty {
  return refused(API, undefined, note)
}

/** See {@link ConsumerProperty}. */
export function consumerOnly(): ConsumerProperty {
  const note = 'it is for consumers; kprf only produces'
  return { verdict: 'consumer', kind: text(), librdkafkaDefault: '', note }
}
