/** Random numbers that a seed repeats. */

/** Draws numbers from a seed (mulberry32). */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Returns a number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Returns an integer from 0 up to and without `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** Returns one of several. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('There is nothing to choose from')
    return choice
  }
}

/** Returns the seed that `TEST_SEED` names, else a new one, and prints it. */
export function chooseSeed(purpose: string): number {
  const given = process.env['TEST_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given)
  console.log(`${purpose}: TEST_SEED=${seed}`)
  return seed
}
