/** Draws what a request says of who sent it: half of the time the truth, half of the time something damaged. */
import { tokenHash } from '../../src/http/access/token-table.ts'
import type { SeededRandom } from '../support/random.ts'
import { type Principal, type Sender, TOKENS } from './world.ts'

/** The header lines with credentials, and where else a request has some. */
export interface Credentials {
  readonly sender: Sender
  readonly lines: readonly string[]
  /** Belongs behind the path. */
  readonly query: string
  /** Whether a change of the head could make them right, because a right token stands in a wrong place. */
  readonly isMisplaced: boolean
}

const PRINCIPALS: readonly Principal[] = ['shop', 'shop', 'billing', 'billing', 'reader']

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Draws credentials; half of them are damaged, so that nobody may be taken for their sender. */
export function drawCredentials(random: SeededRandom): Credentials {
  const principal = random.pick(PRINCIPALS)
  const token = random.pick(TOKENS[principal])
  if (random.chance(0.5)) {
    const lines = [random.pick(RIGHT)(token)]
    return { sender: principal, lines, query: '', isMisplaced: false }
  }
  const nobody = { sender: 'nobody', query: '' } as const
  if (random.chance(0.3)) return { ...nobody, ...random.pick(MISPLACED)(token), isMisplaced: true }
  return { ...nobody, lines: random.pick(DAMAGED)(token, random), isMisplaced: false }
}

const RIGHT: readonly ((token: string) => string)[] = [
  (token) => `Authorization: Bearer ${token}`,
  (token) => `authorization: bearer  ${token}`,
  (token) => `AUTHORIZATION:BEARER ${token} `,
  (token) => `Authorization: Basic ${base64(`user:${token}`)}`,
  (token) => `Authorization: basic ${base64(`:${token}`)}`,
]

/** A right token in a place that does not count, or beside something else. */
const MISPLACED: readonly ((
  token: string,
) => Pick<Credentials, 'lines'> & Partial<Pick<Credentials, 'query'>>)[] = [
  (token) => ({ lines: [], query: `?access_token=${token}` }),
  (token) => ({ lines: [], query: `?Authorization=Bearer%20${token}` }),
  (token) => ({ lines: [`X-Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`Proxy-Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`Cookie: Authorization=Bearer ${token}`] }),
  (token) => ({ lines: [`X-Forwarded-Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`X: y`, ` Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`Authorization: Bearer x`, `Authorization: Bearer ${token}`] }),
  (token) => ({ lines: [`Authorization: Bearer ${token}, Bearer ${token}`] }),
  (token) => ({ lines: [`Authorization: ${token}`] }),
  (token) => ({ lines: [`Authorization: Token ${token}`] }),
  (token) => ({ lines: [`Authorization: Basic ${token}`] }),
  (token) => ({ lines: [`Authorization: Basic ${base64(token)}`] }),
  (token) => ({ lines: [`Authorization: Basic ${base64(`${token}:user`)}`] }),
  (token) => ({ lines: [`Authorization: Bearer ${base64(token)}`] }),
  (token) => ({ lines: [`Authorization: Bearer "${token}"`] }),
]

/** What no small change makes right. */
const DAMAGED: readonly ((token: string, random: SeededRandom) => readonly string[])[] = [
  () => [],
  () => ['Authorization:'],
  () => ['Authorization: Bearer'],
  () => ['Authorization: Basic Og=='],
  (token) => [`Authorization: Bearer ${tokenHash(token)}`],
  (token) => [`Authorization: Bearer ${token.toUpperCase()}`],
  (token) => [`Authorization: Bearer ${Buffer.from(token).reverse().toString()}`],
  (token) => [`Authorization: Bearer ${token.replaceAll('planted', 'guessed')}`],
  (token, random) => [`Authorization: Bearer ${token.slice(0, random.below(token.length - 8))}`],
  (token, random) => [`Authorization: Bearer ${token.slice(4 + random.below(8))}`],
  (token, random) => [`Authorization: Basic ${base64(`u:${token.slice(random.between(4, 9))}`)}`],
  (token) => [`Authorization: Bearer ${Array.from(token, (letter) => `${letter} `).join('')}`],
  (token) => [`Authorization: Bearer ${token.replaceAll('-', '\0')}`],
  (token) => [`Authorization: Bearer ${token.replaceAll('-', '\xff')}`],
  () => [`Authorization: Bearer ${base64('{"alg":"none"}')}.${base64('{"sub":"shop"}')}.`],
  () => [`Authorization: Bearer ${'x'.repeat(10_000)}`],
]
