/** What a rule between keys is, and what several rules need. */
import type { PropertyValues } from '../properties/catalog.ts'
import type { Values } from '../schema.ts'
import type { SecurityProtocol } from '../schema/kafka-access.ts'

/** The value of every key and every property. */
export type Settled = Values & { readonly kafka: { readonly properties: PropertyValues } }

/** A rule between keys. */
export interface Rule {
  /** The keys it reads; it is not applied while one of them is wrong in itself. */
  readonly keys: readonly string[]
  /** What must hold, for the documentation. */
  readonly rule: string
  /** Says how values break the rule, or undefined if they keep it. */
  readonly violation: (values: Settled, facts: Facts) => string | undefined
}

/** What matters to a rule and is no key. */
export interface Facts {
  /** `--embedded-broker` was given. */
  readonly isBrokerEmbedded: boolean
}

/** The protocol in effect: a user turns SASL on where no protocol is named. */
export function securityProtocol({ kafka }: Settled): SecurityProtocol {
  if (kafka.security_protocol !== '') return kafka.security_protocol
  return kafka.user === '' ? 'plaintext' : 'sasl_plaintext'
}

/** The values of some keys that are texts; empty where they are not set. */
export type Texts = Readonly<Record<string, string>>

/** Of keys that need each other, says which is set without another. */
export function alone(texts: Texts): string | undefined {
  const [present] = setOf(texts)
  const missing = Object.keys(texts).find((key) => texts[key] === '')
  if (present === undefined || missing === undefined) return undefined
  return `${present} is set, but ${missing} is empty; set both or neither`
}

/** Of keys that exclude each other, says which are set together. */
export function together(texts: Texts): string | undefined {
  const [one, other] = setOf(texts)
  if (one === undefined || other === undefined) return undefined
  return `${one} and ${other} are mutually exclusive; keep one of them`
}

/** The keys that are set. */
export function setOf(texts: Texts): readonly string[] {
  return Object.keys(texts).filter((key) => texts[key] !== '')
}
