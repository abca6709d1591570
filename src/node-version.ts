/** Whether this Node.js will do. */

/** As `engines` of package.json says: the first with all that compression needs. */
const OLDEST = [22, 19] as const

/** Says what is wrong with a version of Node.js; `undefined` where nothing is. */
export function complaintOfNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
  return isOld
    ? `kprf needs Node.js ${oldestMajor}.${oldestMinor} or newer; this is ${version}`
    : undefined
}
