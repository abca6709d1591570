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
  for (const [key, { value, origin }] of found) {
    if (typeof value !== 'string') continue
    if (key.endsWith('.pem')) {
      trimmed.set(key, { value: withLineEnds(value).replace(LINE_END, ''), origin })
    } else if (NAMES_BY_KEY.get(key)?.hasFileVariable === true) {
      const secret = value.replace(LINE_END, '')
      trimmed.set(key, { value: secret, origin })
      const doubt = doubtAbout(secret)
      if (doubt === undefined) continue
      warnings.push(`${key}: ${doubt}; remove it if it is not meant (${origin})`)
    }
  }
  return { found: trimmed, warnings }
}

function doubtAbout(secret: string): string | undefined {
  if (/^\s/.test(secret)) return 'begins with white space'
  if (/\s$/.test(secret)) return 'ends with white space'
  return INVISIBLE.test(secret) ? 'has an invisible character' : undefined
}
