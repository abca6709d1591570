/** Files of /proc, which come and go with their processes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The names in a folder; none if there is no such folder. */
export function entriesOf(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** The ids of all processes, the oldest first as a rule. */
export function processes(): readonly number[] {
  const ids = entriesOf('/proc').filter((name) => /^\d+$/.test(name))
  return ids.map(Number).sort((one, other) => one - other)
}

/** The text of a file; `undefined` if there is no such file. */
export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** What a link points to; `undefined` if there is no such link. */
export function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
