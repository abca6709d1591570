/**
 * Like `engines` in package.json: in each supported line, the first version in which clients cannot make
 * `JSON.parse` slow by the names they choose (CVE-2026-21717).
 */
const OLDEST: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [22, 22, 2],
  [24, 14, 1],
]

/** All versions from this major version on are supported. */
const ALL_FROM = 26

/** The error message for an unsupported version of Node.js; `undefined` if it is supported. */
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
