/** The authentication of one connection: the chosen mechanism, and its progress. */
import type { SaslConversation, SaslMechanism, SaslStep, SaslUsers } from './mechanism.ts'
import { FAILED, saslMechanisms } from './mechanism.ts'
import { oauthBearerConversation } from './oauth-bearer.ts'
import { plainConversation } from './plain.ts'
import { scramConversation } from './scram.ts'

/** What the cluster accepts. */
export interface SaslSettings {
  readonly mechanisms: readonly SaslMechanism[]
  readonly users: SaslUsers
  readonly epochMs: () => number
}

/** Authenticates the client of one connection. */
export class Authenticator {
  readonly #settings: SaslSettings
  #conversation: SaslConversation | undefined
  #isBare = false
  #principal: string | undefined

  constructor(settings: SaslSettings) {
    this.#settings = settings
  }

  get mechanisms(): readonly SaslMechanism[] {
    return this.#settings.mechanisms
  }

  /** The authenticated user; `undefined` before authentication has succeeded. */
  get principal(): string | undefined {
    return this.#principal
  }

  /** Whether frames are SASL tokens and not requests, as after a handshake of version 0. */
  get expectsBareToken(): boolean {
    return this.#isBare && this.#conversation !== undefined
  }

  /** Chooses a mechanism; false if it is not served. */
  start(name: string, isBare: boolean): boolean {
    const mechanism = saslMechanisms.find((one) => one === name)
    if (!mechanism || !this.mechanisms.includes(mechanism)) return false
    this.#conversation = this.#converse(mechanism)
    this.#isBare = isBare
    return true
  }

  /** Whether an authentication is in progress. */
  get isUnderWay(): boolean {
    return this.#conversation !== undefined
  }

  /** Answers the client's next token. */
  next(token: Buffer): SaslStep {
    const step = this.#conversation?.next(token) ?? FAILED
    if (step.kind !== 'continue') this.#conversation = undefined
    if (step.kind === 'authenticated') this.#principal = step.principal
    return step
  }

  #converse(mechanism: SaslMechanism): SaslConversation {
    const { users, epochMs } = this.#settings
    switch (mechanism) {
      case 'PLAIN':
        return plainConversation(users)
      case 'SCRAM-SHA-256':
        return scramConversation(users, 'sha256')
      case 'SCRAM-SHA-512':
        return scramConversation(users, 'sha512')
      case 'OAUTHBEARER':
        return oauthBearerConversation(epochMs)
    }
  }
}
