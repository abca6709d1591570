/** Where the tests of containers keep things. */
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The root of the repository. */
export const REPOSITORY = resolve(import.meta.dirname, '../../..')

/** What takes minutes to make, and the next run uses again. */
export const CACHE = join(REPOSITORY, 'node_modules/.cache/containers')

const PREFIX = 'kprf-containers-'

/** The folder of one run, which goes with it. Its name has the process that owns it. */
export function runFolder(pid: number): string {
  return join(tmpdir(), `${PREFIX}${pid}`)
}

/** The process that owns a folder of the temporary ones, or undefined if it is none of ours. */
export function ownerOf(name: string): number | undefined {
  const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN
  return Number.isSafeInteger(pid) ? pid : undefined
}
