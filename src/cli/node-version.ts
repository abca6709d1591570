/** Whether this Node.js will do. */

/**
 * As `engines` of package.json says: of each line that is supported the first version in which nobody can make
 * `JSON.parse` slow with names that he chooses (CVE-2026-21717).
 */
const OLDEST: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [22, 22, 2],
  [24, 14, 1],
]

/** From here on all versions will do. */
const ALL_FROM = 26

/** Says what is wrong with a version of Node.js; `undefined` where nothing is. */
export function nodeVersionError(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = version
    .split('.')
    .map((part) => Number.parseInt(part, 10))
  const isNewEnough = OLDEST.some(
    ([line, oldestMinor, oldestPatch]) =>
      major === line && (minor > oldestMinor || (minor === oldestMinor && patch >= oldestPatch)),
  )
  if (major >= ALL_FROM || isNewEnough) return undefined
  const lines = OLDEST.map(([line, ...rest]) => `${line}.${rest.join('.')} or a later ${line}`)
  return `kprf needs Node.js ${[...lines, `${ALL_FROM} or newer`].join(', ')}; this is ${version}`
}
