/** User names, passwords, keys and tokens, with the invisible characters that editors and shells add to them. */
import { NAMES_BY_KEY } from './names.ts'
import { withLineEnds } from './pem-text.ts'
import type { Found } from './source.ts'

/** Values with secrets trimmed, and what is suspicious about them. */
export interface TrimmedSecrets {
  readonly found: ReadonlyMap<string, Found>
  /** One line for each suspicious secret. */
  readonly warnings: readonly string[]
}

const LINE_END = /\r?\n$/
/** Control characters, and format characters such as a zero-width space or a byte order mark. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u

/**
 * Drops one line end at the end of each secret, wherever it was found: a file, `echo` and the `|` of YAML add it.
 * Other invisible characters stay, because they may be meant, and are reported. PEM gets its line ends
 * back.
 */
export function trimSecrets(found: ReadonlyMap<string, Found>): TrimmedSecrets {
  const trimmed = new Map(found)
  const warnings: string[] = []
  for (const [key, at] of found) {
    const { value, origin } = at
    if (typeof value !== 'string') continue
    if (!isTrimmed(key)) continue
    const secret = trimSecret(key, value)
    trimmed.set(key, { ...at, value: secret })
    if (!isPem(key)) {
      const doubt = doubtAbout(secret)
      if (doubt === undefined) continue
      warnings.push(`${key}: ${doubt}; remove it if it is not meant (${origin})`)
    }
  }
  return { found: trimmed, warnings }
}

/** Drops one line end at the end of the text of a secret; PEM gets its line ends back. */
export function trimSecret(key: string, text: string): string {
  return (isPem(key) ? withLineEnds(text) : text).replace(LINE_END, '')
}

function isPem(key: string): boolean {
  return key.endsWith('.pem')
}

function isTrimmed(key: string): boolean {
  return isPem(key) || NAMES_BY_KEY.get(key)?.hasFileVariable === true
}

function doubtAbout(secret: string): string | undefined {
  if (/^\s/.test(secret)) return 'begins with white space'
  if (/\s$/.test(secret)) return 'ends with white space'
  return INVISIBLE.test(secret) ? 'has an invisible character' : undefined
}
