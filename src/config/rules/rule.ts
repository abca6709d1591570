/** The interface of rules between keys, and helpers for several rules. */
import type { PropertyValues } from '../properties/catalog.ts'
import type { Values } from '../schema.ts'
import type { SecurityProtocol } from '../schema/kafka-access.ts'

/** The value of every key and every property. */
export type Settled = Values & { readonly kafka: { readonly properties: PropertyValues } }

/** A rule between keys. */
export interface Rule {
  /** The keys it reads; the rule is skipped while one of them is wrong. */
  readonly keys: readonly string[]
  /** The rule as a sentence for the documentation. */
  readonly rule: string
  /** The error message for values that break the rule, or undefined. */
  readonly violation: (values: Settled, facts: Facts) => string | undefined
}

/** Inputs of checks that are not keys. */
export interface Facts {
  /** `--embedded-broker` was given. */
  readonly isBrokerEmbedded: boolean
  /** The command does not ask Kafka: `kafka.brokers` may be empty. */
  readonly isBrokerOptional: boolean
  /** Names that kprf does not know are warnings: `--lenient` or `KPRF_LENIENT=true`. */
  readonly isLenient: boolean
}

/** The protocol in effect: without an explicit protocol, user and password turn SASL on. */
export function securityProtocol({ kafka }: Settled): SecurityProtocol {
  if (kafka.security_protocol !== '') return kafka.security_protocol
  return kafka.user === '' || kafka.password === '' ? 'plaintext' : 'sasl_plaintext'
}

/** Text values by key; empty if not set. */
export type Texts = Readonly<Record<string, string>>

/** The message for keys that need each other, if one is set without another. */
export function alone(texts: Texts): string | undefined {
  const [present] = setOf(texts)
  const missing = Object.keys(texts).find((key) => texts[key] === '')
  if (present === undefined || missing === undefined) return undefined
  return `${present} is set, but ${missing} is empty; set both or neither`
}

/** The message for mutually exclusive keys, if two of them are set. */
export function together(texts: Texts): string | undefined {
  const [one, other] = setOf(texts)
  if (one === undefined || other === undefined) return undefined
  return `${one} and ${other} are mutually exclusive; keep one of them`
}

/** The keys that are set. */
export function setOf(texts: Texts): readonly string[] {
  return Object.keys(texts).filter((key) => texts[key] !== '')
}
