import { ProxyError } from '../base/errors.ts'
import { PROPERTIES_SECTION } from './properties/merge-names.ts'
import { findProperty, noSuchProperty, type NamedProperty } from './properties/catalog.ts'
import { judge, wordsOf } from './properties/judge.ts'
import { parsePropertyLines, type PropertyLine } from './properties/property-lines.ts'
import { settle } from './resolve.ts'
import { shownProperty } from './shown.ts'
import type { Found } from './source.ts'

/** The output of `kprf config explain`: the effect of each line of a librdkafka properties file. */
export interface Explanation {
  /** One for each line with a property, then one for each contradiction between lines. */
  readonly lines: readonly string[]
  /** Whether kprf would start with these properties. */
  readonly isRight: boolean
}

/** A line of the file and its verdict. */
interface Explained {
  readonly line: PropertyLine
  readonly verdict: string
  readonly isRight: boolean
}

/** Explains the text of a properties file. */
export function explainProperties(text: string): Explanation {
  const explained = parsePropertyLines(text).map(explainLine)
  const written = explained.map((one) => `${one.line.number}: ${shown(one)}`)
  const width = Math.max(0, ...written.map(({ length }) => length))
  const lines = explained.map(
    ({ verdict }, index) => `${(written[index] ?? '').padEnd(width)}  ${verdict}`,
  )
  const contradictions = explained.every(({ isRight }) => isRight)
    ? contradictionsOf(explained.map(({ line }) => line))
    : []
  const isRight = explained.every((line) => line.isRight) && contradictions.length === 0
  return { lines: [...lines, ...contradictions], isRight }
}

function explainLine(line: PropertyLine): Explained {
  if ('message' in line) return { line, verdict: `wrong: ${line.message}`, isRight: false }
  const named = findProperty(line.name)
  if (!named) {
    return { line, verdict: `unknown: ${noSuchProperty(line.name).message}`, isRight: false }
  }
  const judgement = judge(named, line.value)
  const words = wordsOf(judgement)
  switch (judgement.status) {
    case 'refused':
    case 'wrong':
      return { line, verdict: `${judgement.status}: ${words ?? ''}`, isRight: false }
    case 'ignored':
      return {
        line,
        verdict: `no effect: ${judgement.reason ?? 'kprf always does this'}`,
        isRight: true,
      }
    case 'taken': {
      const warning = words === undefined ? '' : ` WARNING: ${words}`
      return { line, verdict: `${wayOf(named)}${warning}`, isRight: true }
    }
  }
}

function wayOf({ property }: NamedProperty): string {
  const key = property.verdict === 'key' ? ` as ${property.key}` : ''
  const by = 'by' in property ? ` (done by ${property.by})` : ''
  return `works${key}${by}: ${property.note}`
}

/** Errors between lines that are right by themselves. Brokers may come from another source. */
function contradictionsOf(lines: readonly PropertyLine[]): readonly string[] {
  const found = new Map<string, Found>()
  for (const line of lines) {
    if ('message' in line) continue
    const { name, value, number } = line
    found.set(`${PROPERTIES_SECTION}.${name}`, { value, origin: `line ${number}` })
  }
  try {
    const facts = { isBrokerEmbedded: false, isBrokerOptional: true, isLenient: false }
    settle([{ found, errors: [] }], facts)
    return []
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return error.message.split('\n')
  }
}

/** The line without possible secrets, which include the value of a wrong line. */
function shown({ line, isRight }: Explained): string {
  if ('message' in line || !findProperty(line.name)) return '...'
  return isRight ? `${line.name}=${String(shownProperty(line.name, line.value))}` : line.name
}
