/** The schema as a list: each key with its dotted name and its environment variable. */
import { SCHEMA } from './schema.ts'
import type { Setting } from './setting.ts'

/** A name under which users can set something. */
export interface Name {
  /** Dotted, as in `kafka.brokers`; `--` before it makes the flag. */
  readonly key: string
  /** The environment variable. */
  readonly variable: string
  /** The allowed values, in words that follow "must be". */
  readonly allowed: string
  /** Whether its `_FILE` variable may name a file with the value. */
  readonly hasFileVariable?: boolean
}

/** A row of the schema with the names by which users set it. */
export interface NamedSetting extends Setting, Name {}

/** Every setting, in the order of the schema. */
export const SETTINGS: readonly NamedSetting[] = flatten(SCHEMA)

function flatten(sections: object, prefix = ''): NamedSetting[] {
  return Object.entries(sections).flatMap(([name, node]: [string, Setting | object]) => {
    const key = `${prefix}${name}`
    return isSetting(node)
      ? [{ ...node, ...{ key, variable: variableOf(key), allowed: node.kind.allowed } }]
      : flatten(node, `${key}.`)
  })
}

function isSetting(node: Setting | object): node is Setting {
  return 'kind' in node
}

/** The environment variable of a key. */
export function variableOf(key: string): string {
  return `KPRF_${key.toUpperCase().replaceAll('.', '_')}`
}
