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

/** What each operation is in Kafka's numbers of operations. */
const OPERATION_NUMBERS = { read: 3, write: 4, describe: 8 } as const satisfies Record<
  TopicOperation,
  number
>
/** Kafka's numbers of what nobody can be denied here: create, delete, alter, describe and alter configurations. */
const ALWAYS_ALLOWED = [5, 6, 7, 10, 11] as const

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

  /** What a principal may do with a topic: a bit for each operation, as in answers to Metadata requests. */
  operationBits(principal: string, topic: string): number {
    const operations = ['read', 'write', 'describe'] as const
    const allowed = operations
      .filter((operation) => this.allows(principal, operation, topic))
      .map((operation) => OPERATION_NUMBERS[operation])
    return [...ALWAYS_ALLOWED, ...allowed].reduce<number>((bits, number) => bits | (1 << number), 0)
  }
}
