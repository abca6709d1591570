import { TEST_SEED } from '../../support/random.ts'

/** Returns the seed of this run, and prints it: {@link TEST_SEED}. */
export function chooseSeed(purpose: string): number {
  console.log(`${purpose}: TEST_SEED=${TEST_SEED}`)
  return TEST_SEED
}
