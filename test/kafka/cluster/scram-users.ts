/**
 * Gives users their passwords for SCRAM, through a broker's plain listener: one AlterUserScramCredentials
 * request, version 0. Kafka's own tool for it takes seconds to start.
 */
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { exchange, frame, int32 } from './wire.ts'

const apiKey = 51
const iterations = 4_096
const noTags = Buffer.of(0)

/** Kafka's numbers of the mechanisms, and the hashes that they use. */
const mechanisms = {
  'scram-sha-256': { number: 1, hash: 'sha256', bytes: 32 },
  'scram-sha-512': { number: 2, hash: 'sha512', bytes: 64 },
} as const

/** Name of a SCRAM mechanism. */
export type ScramMechanism = keyof typeof mechanisms

/** Gives a user this password, in the place of any other that he had for the mechanism. */
export async function setScramPassword(
  port: number,
  user: string,
  password: string,
  mechanism: ScramMechanism,
): Promise<void> {
  const { number, hash, bytes } = mechanisms[mechanism]
  const salt = randomBytes(16)
  const body = [
    noTags,
    Buffer.of(1), // no deletions
    Buffer.of(2), // one insertion
    compact(Buffer.from(user)),
    Buffer.of(number),
    int32(iterations),
    compact(salt),
    compact(pbkdf2Sync(password, salt, iterations, bytes, hash)),
    noTags,
    noTags,
  ]
  const answer = await exchange(port, frame(apiKey, 0, body))
  // Correlation id, no tags, throttle time, one result: the user's name and the error.
  const errorCode = answer.readInt16BE(4 + 1 + 4 + 1 + compact(Buffer.from(user)).length)
  if (errorCode !== 0) throw new Error(`Kafka answers ${errorCode} to a password for ${user}`)
}

/** Bytes behind their length plus one, in a varint of one byte: none here is longer than 126. */
function compact(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(bytes.length + 1), bytes])
}
