/** The settings in effect as YAML, for `kprf config print`. */
import { Document, isCollection, isNode } from 'yaml'
import type { Resolution } from './resolve.ts'
import { SETTINGS } from './settings.ts'

const MASK = '********'

/** Writes every key; secrets masked, and a comment where each value that is no default was set. */
export function printSettings({ values, origins }: Resolution): string {
  const document = new Document(values)
  for (const { key, sensitive } of SETTINGS) {
    const path = key.split('.')
    if (sensitive === true && document.getIn(path) !== '') document.setIn(path, MASK)
    const node = document.getIn(path, true)
    const origin = origins.get(key)
    if (isCollection(node)) node.flow = true
    if (isNode(node) && origin !== undefined) node.comment = ` ${origin}`
  }
  return document.toString({ lineWidth: 0, singleQuote: true })
}
