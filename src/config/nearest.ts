/** Guesses what a misspelt name means. */

/** The share of a name that may differ; beyond it a guess is not worth printing. */
const TOLERANCE = 1 / 3

/**
 * The name with the spelling nearest to `word`; undefined if none is near.
 *
 * @param spellings - each way to spell a name, and the name.
 */
export function nearest(
  word: string,
  spellings: Iterable<readonly [spelling: string, name: string]>,
): string | undefined {
  const lower = word.toLowerCase()
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const [spelling, name] of spellings) {
    const tolerated = Math.max(word.length, spelling.length) * TOLERANCE
    // The distance is at least the difference in length, and takes far longer to compute.
    if (Math.abs(word.length - spelling.length) > tolerated) continue
    const distance = editDistance(lower, spelling.toLowerCase())
    const isNear = distance <= tolerated
    if (isNear && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** Levenshtein's distance: insertions, deletions and replacements from one text to the other. */
function editDistance(from: string, to: string): number {
  let distances = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    let [diagonal, left] = [row - 1, row]
    distances = distances.map((up, column) => {
      if (column === 0) return row
      const replaced = diagonal + (from[row - 1] === to[column - 1] ? 0 : 1)
      left = Math.min(left + 1, up + 1, replaced)
      diagonal = up
      return left
    })
  }
  return distances.at(-1) ?? 0
}
