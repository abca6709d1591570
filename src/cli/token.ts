/** `kprf token new` and `kprf token hash`. */
import { randomBytes } from 'node:crypto'
import { EXIT_CODES } from '../base/exit-codes.ts'
import { tokensErrorMessage } from '../config/lists/access-lists.ts'
import { tokenHash } from '../http/access/token-table.ts'

/** What to print, and where. */
export interface TokenOutput {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** So that scanners for secrets can find tokens that were published by mistake. */
const PREFIX = 'kprf_'
/** 256 bits: nobody can guess them from their SHA-256. */
const TOKEN_BYTES = 32
/** Shorter ones can be found by trying. */
const SHORTEST_TOKEN = 16

/** Makes a token: the entry of the configuration goes to stdout, and the token itself only to stderr. */
export function newToken(principal: string, random = randomBytes): TokenOutput {
  const token = `${PREFIX}${random(TOKEN_BYTES).toString('base64url')}`
  const entry = { principal, sha256: tokenHash(token) }
  const problem = tokensErrorMessage([entry])
  if (problem !== undefined)
    return failed(`kprf token new: ${problem.replace(/^.*\.principal/, 'the principal')}`)
  return {
    stdout: `- principal: ${JSON.stringify(principal)}\n  sha256: ${entry.sha256}\n`,
    stderr: `The token, which is shown only now: ${token}\nIts entry, on stdout, belongs into http.auth.tokens or the file of http.auth.tokens_file.\n`,
    exitCode: EXIT_CODES.ok,
  }
}

/** The SHA-256 of a token that somebody else made. @param input - what stdin had: the token, and a line end. */
export function hashToken(input: string): TokenOutput {
  const token = input.replace(/\r?\n$/, '')
  if (token === '')
    return failed('kprf token hash: write the token to stdin, as in kprf token hash < FILE')
  if (!/^[!-~]+$/.test(token)) {
    return failed('kprf token hash: a token has visible ASCII characters only, and no space')
  }
  if (token.length < SHORTEST_TOKEN) {
    return failed(
      `kprf token hash: the token is shorter than ${SHORTEST_TOKEN} characters, which can be guessed; kprf token new makes one`,
    )
  }
  return { stdout: `${tokenHash(token)}\n`, stderr: '', exitCode: EXIT_CODES.ok }
}

function failed(message: string): TokenOutput {
  return { stdout: '', stderr: `${message}\n`, exitCode: EXIT_CODES.usage }
}
