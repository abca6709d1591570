/** What every source of settings (file, environment, flags) gives. */
import { fileProblem } from '../base/quotable.ts'

/** The values of one source, and what is wrong with it. */
export interface Source {
  /** Values by key, as found: not yet checked. */
  readonly found: ReadonlyMap<string, Found>
  readonly errors: readonly ConfigError[]
}

/** One value, and where it was found, as an error or a comment names it. */
export interface Found {
  readonly value: unknown
  readonly origin: string
}

/** What is wrong with a source. */
export interface ConfigError {
  /** One line that says it all. */
  readonly message: string
  /**
   * The key or section whose value is not known for it: also what a misspelt key seems to mean.
   * Empty for the whole file; undefined if no key is in doubt.
   */
  readonly key: string | undefined
}

/** Reads a file as UTF-8 text, or throws. */
export type ReadFile = (path: string) => string

/** What came of reading a file. */
export type FileText =
  | { readonly status: 'read'; readonly text: string }
  | { readonly status: 'failed'; readonly reason: string }

/** Reads a file; a failure is a value, its reason without the path that Node.js appends. */
export function readText(path: string, readFile: ReadFile): FileText {
  try {
    return { status: 'read', text: readFile(path) }
  } catch (error) {
    return { status: 'failed', reason: fileProblem(error) }
  }
}
