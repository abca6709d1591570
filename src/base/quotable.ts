/**
 * What may be repeated of what kprf was given. One rule for messages, log and `config print`: names that kprf knows
 * itself, numbers, and words of closed lists. Of any other text nothing is repeated while it may be a secret in the
 * wrong place; of text that others send, what kprf knows to be secret is taken out.
 */

/** Stands for a secret. */
export const MASK = '********'

/** A path of plain characters that starts at the root: neither a password nor a key in PEM looks like that. */
const PLAIN_PATH = /^\/[\w./@+ -]{0,254}$/

/** The path in quotes if it surely is one, otherwise words that stand for it. */
export function quotedPath(path: string): string {
  return PLAIN_PATH.test(path) ? `"${path}"` : 'the path that it names'
}

/** Why a file cannot be used, as in `ENOENT: no such file or directory`: without the path that Node.js appends. */
export function fileProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /^E[A-Z0-9]+: [a-z][a-z ,()/-]*?(?=, [a-z]+( '|$)|$)/.exec(message)?.[0] ?? 'not readable'
}

/** Shorter secrets are not looked for: they would be found in ordinary words. */
const SHORTEST_SECRET = 4

/** Takes secrets out of texts. */
export type Masker = (text: string) => string

/** Makes a {@link Masker} for these secrets, also as JSON, URLs and base64 write them. */
export function maskerOf(secrets: readonly string[]): Masker {
  const longEnough = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  if (longEnough.length === 0) return (text) => text
  // The longest first, so that a secret that begins with another leaves no rest.
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
