/** Access control by denial: everything that is not denied is allowed. */

/** What a client does with a topic, as Kafka's access rules distinguish it. */
export type TopicOperation = 'describe' | 'read' | 'write'

/** Takes rights away from a principal. */
export interface Denial {
  /** SASL user name or certificate's common name; `'*'` is everybody. */
  readonly principal: string
  readonly topic: string
  /** @defaultValue all of them */
  readonly operations?: readonly TopicOperation[]
}

/** The denials in force. */
export class AccessControl {
  #denials: readonly Denial[]

  constructor(denials: readonly Denial[]) {
    this.#denials = denials
  }

  /** Puts other denials in force. */
  replace(denials: readonly Denial[]): void {
    this.#denials = denials
  }

  allows(principal: string, operation: TopicOperation, topic: string): boolean {
    return !this.#denials.some(
      (denial) =>
        denial.topic === topic &&
        (denial.principal === '*' || denial.principal === principal) &&
        (denial.operations?.includes(operation) ?? true),
    )
  }
}
