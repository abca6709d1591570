/** The configuration file: YAML, in the shape of the schema. */
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { nearest } from './nearest.ts'
import { PROPERTIES_SECTION } from './properties/assign.ts'
import { noSuchProperty } from './properties/catalog.ts'
import { KEY_SPELLINGS, SECTIONS, SETTINGS_BY_KEY } from './settings.ts'
import { readText } from './source.ts'
import type { Found, Problem, ReadFile, Source } from './source.ts'

/** Reads a file; each value's origin is `path:line`. */
export function readYamlFile(path: string, readFile: ReadFile): Source {
  const file = readText(path, readFile)
  if (file.status === 'failed') {
    return broken([`${path}: cannot read the configuration file: ${file.reason}`])
  }
  const lines = new LineCounter()
  const document = parseDocument(file.text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  })
  const faults = [...document.errors, ...document.warnings].map(({ pos: [start], message }) => {
    const { line, col } = lines.linePos(start)
    return `${path}:${line}:${col}: not valid YAML: ${message}`
  })
  if (faults.length > 0) return broken(faults)
  try {
    return readDocument(document, (keys) => originOf(path, document, lines, keys))
  } catch (error) {
    return broken([`${path}: not valid YAML: ${String(error)}`])
  }
}

function broken(lines: readonly string[]): Source {
  return { found: new Map(), problems: lines.map((line) => ({ line, key: '' })) }
}

/** Throws for aliases without end. */
function readDocument(document: Document, origin: (keys: readonly string[]) => string): Source {
  const root: unknown = document.toJS()
  JSON.stringify(root) // throws for a list that holds itself, which no problem could show
  const found = new Map<string, Found>()
  const problems: Problem[] = []
  readNode(root, [], { found, problems, origin })
  return { found, problems }
}

interface Reading {
  readonly found: Map<string, Found>
  readonly problems: Problem[]
  readonly origin: (keys: readonly string[]) => string
}

function readNode(node: unknown, keys: readonly string[], reading: Reading): void {
  const name = keys.join('.')
  const isSection = name === '' || SECTIONS.has(name)
  const setting = SETTINGS_BY_KEY.get(name)
  const complain = (complaint: string, key: string | undefined = name): void => {
    const line = `${name || 'the file'}: ${complaint} (${reading.origin(keys)})`
    reading.problems.push({ key, line })
  }
  if (name === PROPERTIES_SECTION && typeof node === 'string') {
    reading.found.set(name, { value: node, origin: reading.origin(keys) })
  } else if (isSection) {
    if (isMapping(node)) {
      for (const [child, value] of Object.entries(node)) readNode(value, [...keys, child], reading)
    } else if (node !== null) complain('must be a mapping of keys')
  } else if (setting === undefined) {
    const { complaint, meant } = unknownKey(name)
    complain(complaint, meant)
  } else if (node === null) complain('has no value; give one, or remove the line')
  else if (isMapping(node)) complain(`must be ${setting.allowed}, not a mapping`)
  else reading.found.set(name, { value: node, origin: reading.origin(keys) })
}

/** Says that there is no such key, and which may be meant. */
function unknownKey(name: string): {
  readonly complaint: string
  readonly meant: string | undefined
} {
  const prefix = `${PROPERTIES_SECTION}.`
  if (name.startsWith(prefix)) return noSuchProperty(name.slice(prefix.length))
  const meant = nearest(name, KEY_SPELLINGS)
  const guess = meant === undefined ? '' : `; did you mean ${meant}?`
  return { complaint: `unknown key${guess}`, meant }
}

function isMapping(node: unknown): node is object {
  return typeof node === 'object' && node !== null && !Array.isArray(node)
}

function originOf(
  path: string,
  document: Document,
  lines: LineCounter,
  keys: readonly string[],
): string {
  const section = document.getIn(keys.slice(0, -1), true)
  const names = isMap(section) ? section.items.map(({ key }) => key).filter(isScalar) : []
  const start = names.find(({ value }) => value === keys.at(-1))?.range?.[0]
  return start === undefined ? path : `${path}:${lines.linePos(start).line}`
}
