/**
 * The rule for what messages, log and `config print` may repeat: names that kprf knows itself, numbers, and words
 * of closed lists. Any other text may be a secret in the wrong place and is never repeated. In text from others,
 * known secrets are masked.
 */

/** Replaces a secret. */
export const MASK = '********'

/** An absolute path of plain characters, which neither a password nor a PEM key looks like. */
const PLAIN_PATH = /^\/[\w./@+ -]{0,254}$/

/** Returns the path in quotes if it is certainly a path, otherwise a description. */
export function quotedPath(path: string): string {
  return PLAIN_PATH.test(path) ? `"${path}"` : 'the path that it names'
}

/** Printable ASCII, short enough for a reply not to become what a client likes. */
const PLAIN_NAME = /^[ -~]{0,64}$/

/**
 * Returns the name of a field in quotes, or says how long it is. Only for replies to whoever sent it: in the log it
 * could be a secret in the wrong place.
 */
export function quotedName(name: string): string {
  return PLAIN_NAME.test(name) ? `"${name}"` : `of ${name.length} characters`
}

/** Takes the names that {@link quotedName} wrote, after "field" or "name", out of a text for the log. */
export function withoutQuotedNames(text: string): string {
  return text.replaceAll(/\b(field|name) "[ -~]{0,64}"(?=[; ]|$)/g, '$1 "..."')
}

/**
 * Returns why a file cannot be used, as in `ENOENT: no such file or directory`, without the path that Node.js
 * appends.
 */
export function fileProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /^E[A-Z0-9]+: [a-z][a-z ,()/-]*?(?=, [a-z]+( '|$)|$)/.exec(message)?.[0] ?? 'not readable'
}

/** Shorter secrets are not masked, because they occur in ordinary words. */
const SHORTEST_SECRET = 4

/** Masks secrets in a text. */
export type Masker = (text: string) => string

/** Makes a {@link Masker} for these secrets, also as JSON, URLs and base64 encode them. */
export function maskerOf(secrets: readonly string[]): Masker {
  const longEnough = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  if (longEnough.length === 0) return (text) => text
  // The longest first, so that a secret that begins with another is masked completely.
  const spellings = [...new Set(longEnough.flatMap(spellingsOf))]
    .toSorted((one, other) => other.length - one.length)
    .map((spelling) => spelling.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
  const pattern = new RegExp(spellings.join('|'), 'g')
  return (text) => text.replace(pattern, MASK)
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ a: secret }).toString().slice(2),
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ]
}
