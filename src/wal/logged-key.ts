/** The key of a frame, and the text of a frame in `keys`. docs/WAL.md has the table. */
import {
  ACCEPTED,
  type IdempotencyKey,
  type KeyOutcome,
  NOTHING,
  type RememberedReply,
  UNKNOWN,
} from '../base/idempotency.ts'

const HASH_BYTES = 32
const KEY_BYTES = 2 * HASH_BYTES + 1

const STATES = [
  'nothing',
  'accepted',
  'answered',
  'unknown',
] as const satisfies KeyOutcome['kind'][]

/** A key as a frame has it, with what became of its request unless a later frame says otherwise. */
export interface LoggedKey extends IdempotencyKey {
  readonly outcome: KeyOutcome
}

/** Writes a key with the kind of its outcome. The reply is in the text of the frame. */
export function writeKey({ identity, fingerprint }: IdempotencyKey, outcome: KeyOutcome): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_BYTES)
  bytes.write(identity, 0, 'latin1')
  bytes.write(fingerprint, HASH_BYTES, 'latin1')
  bytes.writeUInt8(STATES.indexOf(outcome.kind), 2 * HASH_BYTES)
  return bytes
}

/** Writes the reply of an outcome: JSON of status, type, body and headers, or nothing without one. */
export function writeReply(outcome: KeyOutcome): string {
  const reply = 'reply' in outcome ? outcome.reply : undefined
  if (reply === undefined) return ''
  const { status, contentType, body, headers } = reply
  return JSON.stringify([String(status), contentType, body, ...headers])
}

/** Reads a key whose checksum is right. @param text - of a frame in `keys`; empty for others. */
export function readKey(bytes: Buffer, text: string): LoggedKey | undefined {
  if (bytes.length !== KEY_BYTES) return undefined
  const identity = bytes.toString('latin1', 0, HASH_BYTES)
  const fingerprint = bytes.toString('latin1', HASH_BYTES, 2 * HASH_BYTES)
  const outcome = outcomeOf(STATES[bytes.readUInt8(2 * HASH_BYTES)], readReply(text))
  return { identity, fingerprint, outcome }
}

function outcomeOf(
  state: (typeof STATES)[number] | undefined,
  reply: RememberedReply | undefined,
): KeyOutcome {
  switch (state) {
    case 'nothing':
      return NOTHING
    case 'accepted':
      return ACCEPTED
    case 'answered':
      return reply === undefined ? UNKNOWN : { kind: 'answered', reply }
    case 'unknown':
    case undefined:
      return { kind: 'unknown', reply }
  }
}

function readReply(text: string): RememberedReply | undefined {
  if (text === '') return undefined
  const parts: unknown = JSON.parse(text)
  if (!Array.isArray(parts)) return undefined
  const [status, contentType, body, ...headers] = parts.map(String)
  if (status === undefined || contentType === undefined || body === undefined) return undefined
  return { status: Number(status), contentType, headers, body }
}
