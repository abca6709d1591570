/** Makes a mutant of a copy of the project. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edit } from './mutant.ts'

/** Applies edits to files below a directory. @throws Error when the words to change are not there once. */
export function applyEdits(directory: string, edits: readonly Edit[]): void {
  for (const { file, find, replace } of edits) {
    const path = join(directory, file)
    const source = readFileSync(path, 'utf8')
    if (source.split(find).length !== 2) throw new Error(`not once in ${file}: ${find}`)
    writeFileSync(
      path,
      source.replace(find, () => replace),
    )
  }
}
