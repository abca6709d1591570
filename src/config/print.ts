/** The settings in effect as YAML, for `kprf config print`. */
import { library } from '../base/library.ts'
import { PROPERTIES_SECTION } from './properties/merge-names.ts'
import type { Resolution } from './resolve.ts'
import { SETTINGS } from './settings.ts'
import { shownProperty, shownSetting } from './shown.ts'

/**
 * Writes every key, and the librdkafka properties that are set. Secrets are masked; a comment says where each value
 * that is not a default was set.
 */
export function printSettings({ values, origins, setProperties }: Resolution): string {
  const { Document, isCollection, isNode } = library('yaml')
  const properties = Object.fromEntries(
    Array.from(setProperties, ([name, { value }]) => [name, shownProperty(name, value)]),
  )
  const document = new Document({ ...values, kafka: { ...values.kafka, properties } })
  for (const setting of SETTINGS) {
    const { key } = setting
    const path = key.split('.')
    const found = document.getIn(path)
    const value: unknown = isCollection(found) ? found.toJS(document) : found
    const shown = shownSetting(setting, value)
    if (shown !== value) document.setIn(path, document.createNode(shown))
    const node = document.getIn(path, true)
    const origin = origins.get(key)
    if (isCollection(node)) node.flow = true
    if (isNode(node) && origin !== undefined) node.comment = ` ${origin}`
  }
  for (const [name, { origin }] of setProperties) {
    const path = [...PROPERTIES_SECTION.split('.'), name]
    const node = document.getIn(path, true)
    if (isNode(node)) node.comment = ` ${origin}`
  }
  return document.toString({ lineWidth: 0, singleQuote: true })
}
