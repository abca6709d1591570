import { createHash } from 'node:crypto'
import { valueOf } from './reload.ts'
import { SETTINGS } from './settings.ts'
import { shownProperty, shownSetting } from './shown.ts'
import type { Config } from './types.ts'

/** Enough that two configurations in use hardly ever share one. */
const HASH_DIGITS = 12

/**
 * A hash of the configuration in effect, as `kprf config print` shows it: it does not depend on secrets, so that
 * nothing can be learned of them.
 */
export function configHash(config: Config): string {
  const settings = SETTINGS.map((setting) => [
    setting.key,
    shownSetting(setting, valueOf(config, setting.key)),
  ])
  const properties = Object.entries(config.kafka.properties)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [name, shownProperty(name, value)])
  const text = JSON.stringify([settings, properties])
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS)
}
