/**
 * Asserts what must be true whatever the input: a failure is a bug in kprf, not a condition to handle.
 *
 * @throws Error naming the broken sentence.
 */
export function invariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${sentence}`)
}
