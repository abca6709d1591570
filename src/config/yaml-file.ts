/** The configuration file: YAML, in the shape of the schema. */
import type { Document, ErrorCode, LineCounter, YAMLError } from 'yaml'
import { library } from '../base/library.ts'
import { meaningOf } from './meaning.ts'
import { KEY_SPELLINGS, NAMES_BY_KEY, SECTIONS, TEXT_KEYS } from './names.ts'
import { PROPERTIES_SECTION } from './properties/merge-names.ts'
import { noSuchProperty } from './properties/catalog.ts'
import { readText } from './source.ts'
import type { Found, ConfigError, ReadFile, Source } from './source.ts'

/** Appended where quotes are the likely remedy. */
const QUOTE = '(text that begins with one of *&!|>%@`{[ or contains ": " or " #" needs quotes)'

/**
 * What is wrong and what to write, by the codes of the parser: its own texts quote the file, which may hold secrets,
 * and use words that only its authors know.
 */
const FAULTS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: `text that begins with * behind & or !; put it in quotes ${QUOTE}`,
  BAD_ALIAS: `text that begins with *; put it in quotes ${QUOTE}`,
  BAD_COLLECTION_TYPE: `text that begins with !; put it in quotes ${QUOTE}`,
  BAD_DIRECTIVE: `a line that begins with %; put the text in quotes ${QUOTE}`,
  BAD_DQ_ESCAPE: 'an unknown escape in double quotes; write \\\\, or use single quotes',
  BAD_INDENT: `wrong indentation, or a bracket or quote that is not closed ${QUOTE}`,
  BAD_PROP_ORDER: `text that begins with & or !; put it in quotes ${QUOTE}`,
  BAD_SCALAR_START: `unquoted text that begins with a special character ${QUOTE}`,
  BLOCK_AS_IMPLICIT_KEY: `a second colon in the line ${QUOTE}`,
  BLOCK_IN_FLOW: 'indented lines inside brackets; close the brackets first',
  DUPLICATE_KEY: 'the same key twice; keep one of them',
  IMPOSSIBLE: `something that cannot be read ${QUOTE}`,
  KEY_OVER_1024_CHARS: `a key that is too long ${QUOTE}`,
  MISSING_CHAR: `a character is missing: a colon behind a key, a closing quote, or a space ${QUOTE}`,
  MULTILINE_IMPLICIT_KEY: `a line that belongs to no key; write key: value, and indent the further lines of a value ${QUOTE}`,
  MULTIPLE_ANCHORS: `text that begins with & twice; put it in quotes ${QUOTE}`,
  MULTIPLE_DOCS: 'a second document; the file has one, so remove the line --- or ... in the middle',
  MULTIPLE_TAGS: `text that begins with ! twice; put it in quotes ${QUOTE}`,
  NON_STRING_KEY: `a key that is not text ${QUOTE}`,
  RESOURCE_EXHAUSTION: 'too many levels of keys or brackets',
  TAB_AS_INDENT: 'tabs as indentation; use spaces',
  TAG_RESOLVE_FAILED: `text that begins with !; put it in quotes ${QUOTE}`,
  UNEXPECTED_TOKEN: `an unexpected character ${QUOTE}`,
}

/** The first line that is no comment is a section in brackets: a list without a key, if it were YAML. */
const TOML_OR_INI = /^(?:[ \t]*(?:[#;].*)?\r?\n)*\[[\w.-]+\][ \t]*\r?\n/

/** Reads a file; each value's origin is `path:line`. */
export function readYamlFile(path: string, readFile: ReadFile): Source {
  const file = readText(path, readFile)
  if (file.status === 'failed') {
    return broken([`${path}: cannot read the configuration file: ${file.reason}`])
  }
  if (file.text.includes('\0'))
    return broken([`${path}: is not UTF-8; save it as UTF-8, not as UTF-16 or UTF-32`])
  if (TOML_OR_INI.test(file.text)) {
    return broken([
      `${path}: not valid YAML: it looks like TOML or INI; write the same keys as YAML`,
    ])
  }
  const { LineCounter, parseDocument } = library('yaml')
  const lines = new LineCounter()
  const document = parseDocument(file.text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    resolveKnownTags: false,
  })
  const at = (start: number): string => {
    const { line, col } = lines.linePos(start)
    return `${path}:${line}:${col}`
  }
  const faults = [...document.errors, ...document.warnings, ...aliasesToNothing(document)]
  if (faults.length > 0) {
    const described = faults.map(({ pos: [start], code }) => `${at(start)}: ${faultOf(code)}`)
    return broken([...new Set(described)])
  }
  try {
    return readDocument(document, (keys) => originOf(path, document, lines, keys))
  } catch {
    return broken([
      `${path}: not valid YAML: text that begins with * stands for what contains it, or for too much; put it in quotes`,
    ])
  }
}

function faultOf(code: ErrorCode): string {
  return `not valid YAML: ${FAULTS[code]}`
}

/** The parser accepts any name after `*`, and detects a missing anchor only later. */
function aliasesToNothing(document: Document): Pick<YAMLError, 'pos' | 'code'>[] {
  const found: Pick<YAMLError, 'pos' | 'code'>[] = []
  library('yaml').visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document)) return
      const [start = 0, end = 0] = alias.range ?? []
      found.push({ pos: [start, end], code: 'BAD_ALIAS' })
    },
  })
  return found
}

/** Where text is due, `012` and `true` are text, as written. */
function takeTextAsWritten(document: Document): void {
  const { isPair, visit } = library('yaml')
  visit(document, {
    Scalar: (role, scalar, path) => {
      const isText = typeof scalar.value !== 'number' && typeof scalar.value !== 'boolean'
      if (role === 'key' || isText || scalar.source === undefined) return
      const names = path.filter(isPair).map(({ key }) => String(key))
      if (TEXT_KEYS.has(names.join('.'))) scalar.value = scalar.source
    },
  })
}

function broken(messages: readonly string[]): Source {
  return { found: new Map(), errors: messages.map((message) => ({ message, key: '' })) }
}

/** Reads the values of a document. Throws for endless aliases. */
function readDocument(document: Document, origin: (keys: readonly string[]) => string): Source {
  takeTextAsWritten(document)
  const root: unknown = document.toJS()
  JSON.stringify(root) // throws for a list that contains itself, which no message could show
  const found = new Map<string, Found>()
  const errors: ConfigError[] = []
  readNode(root, [], { found, errors, origin })
  return { found, errors }
}

interface Reading {
  readonly found: Map<string, Found>
  readonly errors: ConfigError[]
  readonly origin: (keys: readonly string[]) => string
}

function readNode(node: unknown, keys: readonly string[], reading: Reading): void {
  const name = keys.join('.')
  const isSection = name === '' || SECTIONS.has(name)
  const setting = NAMES_BY_KEY.get(name)
  const addError = (text: string, key: string | undefined = name): void => {
    const message = `${name || 'the file'}: ${text} (${reading.origin(keys)})`
    reading.errors.push({ key, message })
  }
  if (name === PROPERTIES_SECTION && typeof node === 'string') {
    reading.found.set(name, { value: node, origin: reading.origin(keys) })
  } else if (isSection) {
    if (isMapping(node)) {
      for (const [child, value] of Object.entries(node)) readNode(value, [...keys, child], reading)
    } else if (node !== null) addError(`must be a mapping of keys${lineHint(node)}`)
  } else if (setting === undefined) {
    const { message, meant } = unknownKey(name)
    const section = keys.slice(0, -1).join('.') || 'the file'
    reading.errors.push({
      key: meant,
      message: `${section}: ${message} (${reading.origin(keys)})`,
      isUnknownName: true,
    })
  } else if (node === null)
    return // as if the line were not there
  else if (isMapping(node)) addError(`must be ${setting.allowed}, not a mapping`)
  else reading.found.set(name, { value: node, origin: reading.origin(keys) })
}

/** Help for text where keys belong, such as lines of a properties file. */
function lineHint(node: unknown): string {
  const isPasted = typeof node === 'string' && node.includes('=')
  return isPasted
    ? `, as in key: value; lines of name=value belong into ${PROPERTIES_SECTION}, as text after |`
    : ''
}

/** The error message for an unknown key, and its likely meaning. The key itself may be part of a secret. */
function unknownKey(name: string): {
  readonly message: string
  readonly meant: string | undefined
} {
  const prefix = `${PROPERTIES_SECTION}.`
  if (name.startsWith(prefix)) return noSuchProperty(name.slice(prefix.length))
  const { advice, meant } = meaningOf(name, KEY_SPELLINGS)
  if (advice !== undefined) return { message: advice, meant }
  const guess = meant === undefined ? '' : `; did you mean ${meant}?`
  return { message: `has an unknown key${guess}`, meant }
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
  const { isMap, isScalar } = library('yaml')
  const section = document.getIn(keys.slice(0, -1), true)
  const names = isMap(section) ? section.items.map(({ key }) => key).filter(isScalar) : []
  const start = names.find(({ value }) => String(value) === keys.at(-1))?.range?.[0]
  if (start === undefined) return path
  const { line, col } = lines.linePos(start)
  const name = keys.join('.')
  return NAMES_BY_KEY.has(name) || SECTIONS.has(name) ? `${path}:${line}` : `${path}:${line}:${col}`
}
