import { type Matcher, wildcardMatcher } from '../base/wildcard.ts'

/** What a principal can do with a topic: write records to it, or be told about it. */
export type Right = 'produce' | 'describe'

/** One rule of `http.acl`: allows some principals to do something with some topics. `*` in names is any text. */
export interface AclRule {
  readonly principals: readonly string[]
  readonly topics: readonly string[]
  readonly allow: readonly Right[]
}

/** Settings of {@link Permissions}. */
export interface PermissionSettings {
  /** Empty: every principal may do everything. */
  readonly acl: readonly AclRule[]
  /** Topics that can be written to and asked about, whoever the client is. `*` is any text. Empty: all. */
  readonly topics: readonly string[]
}

/** Why a topic cannot be written to. */
export type Forbidden = 'internal' | 'topics' | 'acl'

/** Topics of Kafka itself and of its tools. Whoever writes to them harms others, and no client needs to know of them. */
const INTERNAL_PREFIX = '__'

/** Answers and principals that are remembered: some 10 MB. Clients choose the names of topics. */
const MAX_REMEMBERED = 100_000

/** A principal as the rules see it. */
interface Known {
  readonly matchers: Readonly<Record<Right, readonly Matcher[]>>
  readonly produce: Map<string, Forbidden | undefined>
}

/**
 * Decides which principal may do what with which topic. What is not allowed is forbidden, once there is a rule. The
 * rules are looked through once for each principal and topic.
 */
export class Permissions {
  readonly #rules: readonly {
    readonly rule: AclRule
    readonly isOf: Matcher
    readonly fits: Matcher
  }[]
  readonly #hasTopics: boolean
  readonly #isAllowedTopic: Matcher
  readonly #known = new Map<string, Known>()
  #remembered = 0

  constructor({ acl, topics }: PermissionSettings) {
    this.#rules = acl.map((rule) => ({
      rule,
      isOf: wildcardMatcher(rule.principals),
      fits: wildcardMatcher(rule.topics),
    }))
    this.#hasTopics = topics.length > 0
    this.#isAllowedTopic = topics.length === 0 ? () => true : wildcardMatcher(topics)
  }

  /** Whether anything is forbidden. */
  get hasRules(): boolean {
    return this.#rules.length > 0 || this.#hasTopics
  }

  /** Why a principal may not write to a topic; `undefined` if it may. To be asked only if there are rules. */
  whyNotProduce(principal: string, topic: string): Forbidden | undefined {
    const known = this.#of(principal)
    const { produce } = known
    const remembered = produce.get(topic)
    if (remembered !== undefined || produce.has(topic)) return remembered
    const answer = this.#whyNotProduce(known, topic)
    produce.set(topic, answer)
    this.#remember()
    return answer
  }

  /**
   * Whether a principal may be told whether a topic exists, and what it is like. The right to produce does not include
   * this one. To be asked also if there are no rules.
   */
  mayDescribe(principal: string, topic: string): boolean {
    if (topic.startsWith(INTERNAL_PREFIX) || !this.#isAllowedTopic(topic)) return false
    if (this.#rules.length === 0) return true
    return this.#of(principal).matchers.describe.some((fits) => fits(topic))
  }

  #whyNotProduce({ matchers }: Known, topic: string): Forbidden | undefined {
    if (topic.startsWith(INTERNAL_PREFIX)) return 'internal'
    if (!this.#isAllowedTopic(topic)) return 'topics'
    if (this.#rules.length === 0) return undefined
    return matchers.produce.some((fits) => fits(topic)) ? undefined : 'acl'
  }

  #of(principal: string): Known {
    let known = this.#known.get(principal)
    if (known !== undefined) return known
    const own = this.#rules.filter(({ isOf }) => isOf(principal))
    const matchersOf = (right: Right): readonly Matcher[] =>
      own.filter(({ rule }) => rule.allow.includes(right)).map(({ fits }) => fits)
    known = {
      matchers: { produce: matchersOf('produce'), describe: matchersOf('describe') },
      produce: new Map(),
    }
    this.#known.set(principal, known)
    this.#remember()
    return known
  }

  #remember(): void {
    this.#remembered += 1
    if (this.#remembered < MAX_REMEMBERED) return
    this.#known.clear()
    this.#remembered = 0
  }
}
