/**
 * How much random tests try. Each says how many runs are usual, 100 where it does not: few enough that nobody waits.
 * `TEST_RUNS=20` makes them twenty times as many: `npm run test:long`. Loaded before the pure tests.
 */
import fc from 'fast-check'

/** How many times as much is tried as is usual. */
export const TIMES = Number(process.env['TEST_RUNS'] ?? 1)

/** So many runs, or as many times more as `TEST_RUNS` says. */
export function runs(usual: number): number {
  return Math.ceil(usual * TIMES)
}

fc.configureGlobal({ numRuns: runs(100) })

const codePoints = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((codePoint) => String.fromCodePoint(codePoint))

/**
 * Text of any characters, as many of each length in UTF-8. That of fast-check (`unit: 'binary'`) takes more than
 * a second to make the first time.
 */
export function anyText(constraints: fc.StringSharedConstraints = {}): fc.Arbitrary<string> {
  const unit = fc.oneof(
    codePoints(0, 0x7f),
    codePoints(0x80, 0x7ff),
    codePoints(0x800, 0xd7ff),
    codePoints(0xe000, 0xffff),
    codePoints(0x1_0000, 0x10_ffff),
  )
  return fc.string({ unit, ...constraints })
}
