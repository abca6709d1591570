import type { Kind } from './kinds.ts'
import type { PropertyWords } from './properties/property.ts'

/** What a row says. */
interface Row<Value> {
  /** What it means, in full sentences; the first one stands alone in `kprf --help`. */
  readonly doc: string
  readonly kind: Kind<Value>
  /** What a number counts. */
  readonly unit?: string
  /** Never printed. */
  readonly sensitive?: boolean
  /** Can be read from a file that the variable with `_FILE` appended names. */
  readonly hasFileVariable?: boolean
  /**
   * Whether a process could take another value while it runs, without closing a connection, giving up a record or
   * breaking a promise that it made. So far nothing asks: a process keeps the configuration that it started with.
   */
  readonly reload: boolean
  /** The librdkafka property that it is another name of; the catalog's row follows from it. */
  readonly property?: PropertyOfKey
}

/** The librdkafka property that a key is another name of. */
export interface PropertyOfKey extends PropertyWords {
  /** Every name of it, the best known first, as users are told them. */
  readonly names: readonly [string, ...string[]]
  /** What librdkafka itself calls it. @defaultValue the first of `names` */
  readonly usualName?: string
  /** @defaultValue that of the key */
  readonly librdkafkaDefault?: string | number | boolean
  /** What librdkafka lets it be. @defaultValue what the key may be */
  readonly kind?: Kind
}

/** The row of a key in the schema: all that is known of it, in one place. */
export interface Setting<Value = unknown> extends Row<Value> {
  readonly default: Value
  /** The name by which convict knows the kind. */
  readonly format: string
}

/** Makes the row of a key. */
export function setting<Value>(
  row: Row<Value> & { readonly default: NoInfer<Value> },
): Setting<Value> {
  return { ...row, format: row.kind.type }
}

/** What librdkafka itself calls the property of a key; undefined where it has none. */
export function usualNameOf({ property }: Setting): string | undefined {
  return property && (property.usualName ?? property.names[0])
}
