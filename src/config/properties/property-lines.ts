/**
 * The text of a librdkafka properties file: `name=value` a line; empty lines and those that begin with `#`
 * say nothing.
 */

/** A line that says something. */
export interface PropertyLine {
  /** From 1. */
  readonly number: number
  readonly name: string
  /** `undefined` where the line has no `=`. */
  readonly value: string | undefined
}

/** Takes a text apart. */
export function parsePropertyLines(text: string): readonly PropertyLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => {
      const at = line.indexOf('=')
      return at === -1
        ? { number, name: line, value: undefined }
        : { number, name: line.slice(0, at).trimEnd(), value: line.slice(at + 1).trimStart() }
    })
}
