import { CATALOG } from '../../src/config/properties/catalog.ts'
import type { Kind } from '../../src/config/kinds.ts'
import type { Property, PropertyWords } from '../../src/config/properties/property.ts'

/** The part of docs/CONFIGURATION.md about librdkafka's properties, made from the catalog. */
export function propertiesSection(): string {
  const consumers = `### For consumers only\n\n${consumerProperties()}`
  return [INTRODUCTION, propertiesTable(), consumers].join('\n\n')
}

const INTRODUCTION = `## \`kafka.properties\`: librdkafka's properties by their own names

Every property of librdkafka 2.15 can be written under \`kafka.properties\`, by its dotted name or an alias:

\`\`\`yaml
kafka:
  properties:
    linger.ms: 5
    compression.codec: zstd
\`\`\`

or as the unchanged text of a properties file:

\`\`\`yaml
kafka:
  properties: |
    linger.ms=5
    compression.codec=zstd
\`\`\`

or as a flag (\`--kafka.properties.linger.ms=5\`) or a variable (\`KPRF_KAFKA_PROPERTIES_LINGER_MS=5\`, for secrets also
with \`_FILE\`); \`KPRF_KAFKA_PROPERTIES\` takes the text of several, one per line.
\`kprf config explain --properties FILE\` explains the effect of each line of a file. kprf accepts the values that librdkafka
accepts; a number followed by something else is an error here. If a property is another name of a key, both may be set
only to the same value.

PEM (\`ssl.key.pem\` and the like) may have lost its line ends in a variable: kprf takes \`\\n\` in letters, spaces, or
nothing for them.

*Done by* says what implements a property: an option of kafkajs, kprf itself, or Node.js. kprf accepts a property
without effect and logs a warning; with a refused property it does not start, and exits with code 78.`

/** The table of librdkafka's producer properties; those with an effect come first. */
function propertiesTable(): string {
  const rows = Array.from(CATALOG).flatMap(([name, property]) => {
    if (property.verdict === 'consumer') return []
    const names = [name, ...(property.aliases ?? [])].map((known) => `\`${known}\``).join(', ')
    return [`| ${[names, ...cellsOf(property)].join(' | ')} |`]
  })
  const header = ['Property', 'Type', 'Range', 'librdkafka', 'kprf', 'Done by', 'Notes']
  return [`| ${header.join(' | ')} |`, `| ${header.map(() => '---').join(' | ')} |`, ...rows].join(
    '\n',
  )
}

function cellsOf(property: Property): string[] {
  const { kind, librdkafkaDefault } = property
  const byDefault = kind.type === 'API' ? '' : shownValue(librdkafkaDefault)
  return [kind.type, rangeOf(kind), byDefault, ...verdictOf(property)].map((cell) =>
    cell.replaceAll('|', '\\|'),
  )
}

function rangeOf({ type, min, max, choices = [] }: Kind): string {
  if (type === 'boolean') return '`true`, `false`'
  return min === undefined ? choices.map((word) => `\`${word}\``).join(', ') : `${min} to ${max}`
}

/** kprf's default, what implements the property, and the notes. */
function verdictOf(property: Property): [byDefault: string, by: string, notes: string] {
  switch (property.verdict) {
    case 'key': {
      const { key, by, note } = property
      return [shownValue(property.default), by, `Is \`${key}\`. ${note}${refusals(property)}`]
    }
    case 'own':
      return [shownValue(property.default), property.by, `${property.note}${refusals(property)}`]
    case 'ignored':
      return ['', '**no effect**', `${sentence(property.note)}${exception(property)}`]
    case 'refused':
      return ['', '**refused**', `${sentence(property.note)}${exception(property)}`]
    case 'consumer':
      return ['', '**refused**', sentence(property.note)]
  }
}

function refusals({ refuses = {}, refusesMoreThan }: PropertyWords): string {
  const numbers = refusesMoreThan
    ? ` More than ${refusesMoreThan.max} is refused: ${refusesMoreThan.reason}.`
    : ''
  const words = Object.entries(refuses)
    .map(
      ([value, why]) => ` ${value === '' ? 'An empty value' : `\`${value}\``} is refused: ${why}.`,
    )
    .join('')
  return `${words}${numbers}`
}

function exception({ asIs }: { readonly asIs?: string }): string {
  if (asIs === undefined) return ''
  return asIs === '' ? ' May be empty.' : ` \`${asIs}\` is accepted.`
}

/** Makes a sentence; names keep their lower case. */
function sentence(words: string): string {
  if (/^(kprf|librdkafka|\S+\.\S+)\b/.test(words)) return `${words}.`
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

function shownValue(value: unknown): string {
  if (value === undefined) return 'see notes'
  const isShown =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isShown && value !== '' ? `\`${value}\`` : ''
}

function consumerProperties(): string {
  const names = Array.from(CATALOG).filter(([, { verdict }]) => verdict === 'consumer')
  return `kprf only produces, so it refuses: ${names.map(([name]) => `\`${name}\``).join(', ')}.`
}
