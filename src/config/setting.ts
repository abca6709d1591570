import type { Kind } from './kinds.ts'
import type { PropertyWords } from './properties/property.ts'

/** The fields of a row. */
interface Row<Value> {
  /** The meaning, in full sentences; `kprf --help` prints the first one. */
  readonly doc: string
  readonly kind: Kind<Value>
  /** The unit of a number. */
  readonly unit?: string
  /** Never printed. */
  readonly sensitive?: boolean
  /** Names of fields whose values are never printed, anywhere in a list of mappings. */
  readonly secretFields?: readonly string[]
  /** Whether its `_FILE` variable may name a file with the value. */
  readonly hasFileVariable?: boolean
  /**
   * Whether a running process takes a new value on SIGHUP; see `reload.ts`. @defaultValue it needs a restart
   */
  readonly reload?: true
  /** The librdkafka property that the key is another name of; the row of the catalog follows from it. */
  readonly property?: PropertyOfKey
}

/** The librdkafka property that a key is another name of. */
export interface PropertyOfKey extends PropertyWords {
  /** Every name of the property, the best known first. */
  readonly names: readonly [string, ...string[]]
  /** librdkafka's own name. @defaultValue the first of `names` */
  readonly usualName?: string
  /** @defaultValue that of the key */
  readonly librdkafkaDefault?: string | number | boolean
  /** The values that librdkafka allows. @defaultValue those of the key */
  readonly kind?: Kind
}

/** The row of a key in the schema, with everything about the key. */
export interface Setting<Value = unknown> extends Row<Value> {
  readonly default: Value
  /** convict's name of the kind. */
  readonly format: string
}

/** Makes the row of a key. */
export function setting<Value>(
  row: Row<Value> & { readonly default: NoInfer<Value> },
): Setting<Value> {
  return { ...row, format: row.kind.type }
}

/** librdkafka's own name for the property of a key; undefined if it has none. */
export function usualNameOf({ property }: Setting): string | undefined {
  return property && (property.usualName ?? property.names[0])
}
