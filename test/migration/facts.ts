/** What the release of the Rust kprf answered to 248 requests, and what kprf answers: `replies.jsonl`. */
import { readFileSync } from 'node:fs'
import type { Answer } from './exchange.ts'
import type { VerdictName } from './verdicts.ts'

/** One request, and the answers to it. */
export interface Fact {
  readonly case: string
  /** Raw HTTP, in which `<<d x 900>>` stands for 900 times `d`. */
  readonly request?: string
  /** In its place if it is not UTF-8. */
  readonly request_base64?: string
  /** Whether it arrives bit by bit. */
  readonly in_pieces?: boolean
  /** The status is `closed` if it closed the connection. */
  readonly release: { readonly status: number | 'closed'; readonly body: string }
  /** With `http.replies: readme`: the contract of kprf. */
  readonly readme: ReadmeReply
  /** With `http.replies: rust`: a status, or the same reply as the release. */
  readonly rust: RustReply
  /** With `http.invalid_records: refuse_record`, too. */
  readonly rust_refuse_record: RustReply
  readonly verdict: VerdictName
  /** Whether new versions of Node.js refuse it; older ones leave that to the route, whose reply has `errors`. */
  readonly refused_by_node?: boolean
}

/** What clients of kprf may depend on: texts may change. */
export interface ReadmeReply {
  readonly status: number
  readonly error_code?: number
  /** For each element of `errors` its number, or ok. */
  readonly errors?: readonly (number | 'ok')[]
}

export type RustReply = 'release' | { readonly status: number }

export const FACTS: readonly Fact[] = readFileSync(
  new URL('replies.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Fact)

/** The bytes of a request. */
export function requestOf({ request = '', request_base64: base64 }: Fact): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  const repeated = /<<(.) x (\d+)>>/g
  return Buffer.from(
    request.replace(repeated, (_, character: string, count: string) =>
      character.repeat(Number(count)),
    ),
  )
}

/** The part of an answer that the contract of kprf has. */
export function readmeReplyOf({ status, contentType, body }: Answer): ReadmeReply {
  if (contentType !== 'application/json' || body === '') return { status }
  const { error_code, errors } = JSON.parse(body) as {
    error_code?: number
    errors?: { status: string; error_code: number }[]
  }
  if (error_code === undefined) return { status }
  const outcomes = errors?.map((one) => (one.status === 'ok' ? 'ok' : one.error_code))
  return { status, error_code, ...(outcomes && { errors: outcomes }) }
}

/**
 * Whether an answer is the one of the release. Of what it says in plain text only the status counts: places in the JSON
 * are counted otherwise, and where it says nothing kprf may say something.
 */
export function isLikeRelease({ status, body }: Answer, { release }: Fact): boolean {
  return status === release.status && (!release.body.startsWith('{') || body === release.body)
}
