/** The likely meaning of a name that kprf does not know. */
import { KEY_SPELLINGS, NAMES_BY_KEY, PROPERTY_SETTINGS } from './names.ts'
import { nearest } from './nearest.ts'
import { findProperty } from './properties/catalog.ts'
import { canonical, javaSetting } from './properties/java-client.ts'
import { PROPERTIES_SECTION } from './properties/merge-names.ts'

/** What operators write before the name of a setting of Kafka. */
const PREFIX = /^(kprf\.)?(spring\.)?(kafka\.)?((producer|properties)\.)*/

/** Every known name in its canonical spelling, with the key that it sets; the first of several wins. */
const KEYS_BY_SPELLING: ReadonlyMap<string, string> = new Map(
  [
    ...KEY_SPELLINGS,
    ...PROPERTY_SETTINGS.map(
      ({ key }) => [key.replace(`${PROPERTIES_SECTION}.`, ''), key] as const,
    ),
  ]
    .filter(([, key]) => NAMES_BY_KEY.has(key))
    .map(([spelling, key]) => [canonical(spelling), keyOf(key)] as const)
    .toReversed(),
)

/** A name's likely meaning. */
export interface Meaning {
  /** A sentence about a setting of another client, to be printed as it is. */
  readonly advice?: string
  /** The key that is probably meant, or the section. */
  readonly meant: string | undefined
}

/**
 * The meaning of an unknown name: that of another client's setting; a known name in another spelling or place; or
 * what is spelt most alike.
 *
 * @param spellings - each way to spell a name, and the key.
 */
export function meaningOf(
  name: string,
  spellings: Iterable<readonly [spelling: string, key: string]>,
): Meaning {
  const java = javaSetting(name)
  if (java) return { advice: java.message, meant: java.meant }
  const written = canonical(name)
  const known = KEYS_BY_SPELLING.get(written) ?? KEYS_BY_SPELLING.get(written.replace(PREFIX, ''))
  return { meant: known ?? nearest(name, spellings) }
}

/** The key of the schema, if a property is another name of one. */
function keyOf(key: string): string {
  const property = findProperty(key.replace(`${PROPERTIES_SECTION}.`, ''))?.property
  return property?.verdict === 'key' ? property.key : key
}
