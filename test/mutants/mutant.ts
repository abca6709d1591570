/** The source with a few words changed, so that a rule is lost. */

/** One change to one file. */
export interface Edit {
  /** From the root of the project. */
  readonly file: string
  /** Occurs there exactly once. */
  readonly find: string
  readonly replace: string
}

/** One rule taken away. */
export interface Mutant {
  /** Its number among the rules about kafkajs, or what it is about; `log` is the write-ahead log. */
  readonly rule: string
  /** What is lost. */
  readonly title: string
  readonly edits: readonly Edit[]
}
