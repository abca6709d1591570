/** Formats a log line for people at a terminal: columns and colours, the fields as `name=value`. */
import type { Masker } from '../../base/quotable.ts'
import { type LogEntry, plainEntry } from './log-line.ts'

/** Columns of the message; a longer one moves its fields to the right. */
const MESSAGE_COLUMNS = 40

const RESET = '\u001b[0m'
const DIM = '\u001b[2m'
const COLOURS: ReadonlyMap<unknown, string> = new Map([
  ['error', '\u001b[31m'],
  ['warn', '\u001b[33m'],
  ['info', '\u001b[32m'],
  ['debug', DIM],
])

/** Values that need no quotes. */
const WORD = /^[\w.:/@,+\-[\]]+$/

/**
 * Formats one entry, line feed included. The stack of an error follows on lines of its own. What is read from
 * elsewhere cannot move the cursor of the terminal: control characters are escaped.
 *
 * @param mask - replaces secrets in every text.
 */
export function formatPretty(entry: LogEntry, mask: Masker, hasColours: boolean): string {
  const { ts, level, msg, fields } = plainEntry(entry, mask)
  const paint = (colour: string, text: string): string =>
    hasColours ? `${colour}${text}${RESET}` : text
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined)
  const columns = [
    paint(DIM, String(ts).slice(11, 24)),
    paint(COLOURS.get(level) ?? DIM, String(level).toUpperCase().padEnd(5)),
    escaped(String(msg)).padEnd(shown.length === 0 ? 0 : MESSAGE_COLUMNS),
    ...shown.map(([name, value]) => `${paint(DIM, `${name}=`)}${textOf(value)}`),
  ]
  const stacks = shown.flatMap(([, value]) => stackOf(value))
  return [columns.join(' '), ...stacks.map((line) => paint(DIM, line)), ''].join('\n')
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && WORD.test(value)) return value
  return escaped(JSON.stringify(isFailure(value) ? value.message : value))
}

/** An error, as plain data. */
interface PlainFailure {
  readonly message: string
  readonly stack: string
}

function isFailure(value: unknown): value is PlainFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    typeof value.message === 'string' &&
    'stack' in value &&
    typeof value.stack === 'string'
  )
}

function stackOf(value: unknown): readonly string[] {
  return isFailure(value) ? value.stack.split('\n').map((line) => `    ${escaped(line)}`) : []
}

function escaped(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
