/** SASL SCRAM (RFC 5802, RFC 7677), the server's side, without channel binding. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { SaslConversation, SaslStep, SaslUsers } from './mechanism.ts'
import { FAILED } from './mechanism.ts'

/** Hash functions of the two mechanisms. */
export type ScramHash = 'sha256' | 'sha512'

/** Kafka's minimum. */
const ITERATIONS = 4_096

const DIGEST_BYTES = { sha256: 32, sha512: 64 } as const

/** GS2 header (no channel binding, perhaps an identity), then user name and nonce. */
const CLIENT_FIRST = /^([ny],(?:a=[^,]*)?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/

/** Channel binding data, nonce and proof. */
const CLIENT_FINAL = /^(c=([^,]*),r=([^,]*)(?:,.*)?),p=([^,]*)$/

interface Challenge {
  readonly user: string
  readonly gs2Header: string
  readonly clientFirstBare: string
  readonly serverFirst: string
  readonly nonce: string
  readonly saltedPassword: Buffer
}

/** Starts a SCRAM authentication. */
export function scramConversation(users: SaslUsers, hash: ScramHash): SaslConversation {
  let challenge: Challenge | undefined
  return {
    next(token) {
      const message = token.toString('utf8')
      if (challenge) return verify(challenge, message, hash)
      challenge = challengeFor(message, users, hash)
      if (!challenge) return FAILED
      return { kind: 'continue', token: Buffer.from(challenge.serverFirst) }
    },
  }
}

function challengeFor(message: string, users: SaslUsers, hash: ScramHash): Challenge | undefined {
  const [, gs2Header, clientFirstBare, saslName, clientNonce] = CLIENT_FIRST.exec(message) ?? []
  if (gs2Header === undefined || clientFirstBare === undefined) return undefined
  const user = (saslName ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')
  const password = users.get(user)
  if (password === undefined) return undefined
  const salt = randomBytes(16)
  const nonce = `${clientNonce ?? ''}${randomBytes(18).toString('base64url')}`
  return {
    user,
    gs2Header,
    clientFirstBare,
    nonce,
    serverFirst: `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`,
    saltedPassword: pbkdf2Sync(password, salt, ITERATIONS, DIGEST_BYTES[hash], hash),
  }
}

function verify(challenge: Challenge, message: string, hash: ScramHash): SaslStep {
  const [, withoutProof, binding, nonce, proof] = CLIENT_FINAL.exec(message) ?? []
  // Kafka checks only the end of the nonce, because older librdkafka repeats its own part.
  if (withoutProof === undefined || nonce?.endsWith(challenge.nonce) !== true) return FAILED
  if (Buffer.from(binding ?? '', 'base64').toString() !== challenge.gs2Header) return FAILED
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
  const { clientFirstBare, serverFirst, saltedPassword, user } = challenge
  const authMessage = `${clientFirstBare},${serverFirst},${withoutProof}`
  const clientKey = hmac(saltedPassword, 'Client Key')
  const storedKey = createHash(hash).update(clientKey).digest()
  const expected = xor(clientKey, hmac(storedKey, authMessage))
  const given = Buffer.from(proof ?? '', 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return FAILED
  const signature = hmac(hmac(saltedPassword, 'Server Key'), authMessage).toString('base64')
  return { kind: 'authenticated', token: Buffer.from(`v=${signature}`), principal: user }
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)))
}
