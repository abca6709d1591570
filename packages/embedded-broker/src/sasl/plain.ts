/** SASL PLAIN (RFC 4616): one token with the user name and the password. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { SaslConversation, SaslUsers } from './mechanism.ts'
import { FAILED } from './mechanism.ts'

/** Starts a PLAIN authentication. */
export function plainConversation(users: SaslUsers): SaslConversation {
  return {
    next(token) {
      const [identity, user, password, ...rest] = token.toString('utf8').split('\0')
      if (user === undefined || password === undefined || rest.length > 0) return FAILED
      // Kafka does not allow one user to act for another.
      const isOwnIdentity = identity === '' || identity === user
      return isOwnIdentity && isPassword(password, users.get(user))
        ? { kind: 'authenticated', token: Buffer.alloc(0), principal: user }
        : FAILED
    },
  }
}

function isPassword(given: string, expected: string | undefined): boolean {
  return timingSafeEqual(digest(given), digest(expected ?? '')) && expected !== undefined
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
