import { propertyErrorMessage, isTexts, READERS, unitHint } from '../kinds.ts'
import type { NamedProperty } from './catalog.ts'
import type { Property } from './property.ts'

/**
 * The parsed value of a property. librdkafka's rules apply, which are looser than those for keys, and error
 * messages use its words and the property's usual name.
 */
export type ParsedValue =
  | { readonly status: 'right'; readonly value: unknown }
  | { readonly status: 'wrong'; readonly message: string }

/** Other words that librdkafka accepts for true and false. */
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ...['t', '1'].map((word) => [word, true] as const),
  ...['f', '0'].map((word) => [word, false] as const),
])

/**
 * Parses a value: text, or a value from YAML. Unlike librdkafka, which stops parsing a number at the first other
 * character, kprf refuses `5s`.
 */
export function parseValue({ usualName, property }: NamedProperty, given: unknown): ParsedValue {
  const value = read(property, given)
  const message = propertyErrorMessage(property.kind, value, usualName)
  if (message === undefined) return { status: 'right', value }
  return { status: 'wrong', message: `${message}${unitHint(value, unitOf(usualName))}` }
}

/** The unit that the name of a property ends with. */
function unitOf(name: string): string | undefined {
  return /\.(?:ms|seconds|bytes)$/.exec(name)?.[0].slice(1)
}

function read(property: Property, given: unknown): unknown {
  const { type, choices = [], isList } = property.kind
  const word = asText(given).trim().toLowerCase()
  switch (type) {
    case 'integer': {
      const meant = 'words' in property ? property.words[word] : undefined
      return meant ?? (/^0x[\da-f]+$/.test(word) ? Number(word) : READERS.integer(word))
    }
    case 'float':
      return READERS.float(word)
    case 'boolean':
      return TRUTH.get(word) ?? READERS.boolean(word)
    case 'enum value':
      return choices.find((choice) => choice.toLowerCase() === word)
    case 'string':
    case 'CSV flags':
    case 'pattern list':
      if (typeof given === 'string') return given.trimStart()
      return isList === true && isTexts(given) ? given.join(',') : given
    case 'API':
    case 'broker list':
    case 'rate limit rules':
    case 'tokens':
    case 'access rules':
    case 'quotas':
    case 'webhooks':
    case 'topic patterns':
    case 'text list':
    case 'words':
    case 'acknowledgements':
      return given
  }
}

function asText(given: unknown): string {
  const isPlain =
    typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean'
  return isPlain ? String(given) : ''
}
