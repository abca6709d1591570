/**
 * Parses the text of a librdkafka properties file: one `name=value` per line; empty lines and lines that begin with
 * `#` are skipped.
 */

/** A line that is neither empty nor a comment. */
export type PropertyLine = ValidPropertyLine | InvalidPropertyLine

/** `name=value`. */
export interface ValidPropertyLine {
  /** Line number, from 1. */
  readonly number: number
  readonly name: string
  readonly value: string
}

/** Any other line. Messages do not repeat it, because it may be part of a private key. */
export interface InvalidPropertyLine {
  readonly number: number
  readonly message: string
}

const NAME = /^[a-z][a-z0-9._-]*$/i
const NOT_A_PROPERTY =
  'it is not name=value; put a certificate or key of several lines into a file or into YAML'

/** Parses a text into its property lines. */
export function parsePropertyLines(text: string): readonly PropertyLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => {
      const at = line.indexOf('=')
      const name = line.slice(0, Math.max(at, 0)).trimEnd()
      // Base64 has capitals anywhere, and ends with = too.
      const isName = NAME.test(name) && !/.[A-Z]/.test(name)
      if (!isName) return { number, message: NOT_A_PROPERTY }
      return { number, name, value: line.slice(at + 1).trimStart() }
    })
}
