/**
 * Asserts a condition that holds for every input: a failure is a bug in kprf, not a condition to handle.
 *
 * @throws Error with the violated sentence.
 */
export function invariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${sentence}`)
}
