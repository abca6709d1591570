/** The interface of all SASL mechanisms: an exchange of tokens until it succeeds or fails. */

/** Names of the mechanisms served. */
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const

/** Name of a mechanism. */
export type SaslMechanism = (typeof saslMechanisms)[number]

/** Passwords by user name. */
export type SaslUsers = ReadonlyMap<string, string>

/** The answer to a client's token. */
export type SaslStep =
  | { readonly kind: 'continue'; readonly token: Buffer }
  | { readonly kind: 'authenticated'; readonly token: Buffer; readonly principal: string }
  | { readonly kind: 'failed' }

/** One authentication in progress. */
export interface SaslConversation {
  /** Answers the client's next token. */
  next(token: Buffer): SaslStep
}

/** The authentication failed. */
export const FAILED: SaslStep = { kind: 'failed' }
