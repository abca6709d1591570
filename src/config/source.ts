/** The result of reading a source of settings (file, environment, flags). */
import { fileProblem } from '../base/quotable.ts'

/** The values of one source, and its errors. */
export interface Source {
  /** Values by key, as found: not yet checked. */
  readonly found: ReadonlyMap<string, Found>
  readonly errors: readonly ConfigError[]
}

/** One value, and where it was found, for errors and comments. */
export interface Found {
  readonly value: unknown
  readonly origin: string
  /** The file that a `_FILE` variable names, which holds the value. */
  readonly file?: string
}

/** A mistake in the configuration. */
export interface ConfigError {
  /** One line: what is wrong, and what to do. */
  readonly message: string
  /**
   * The key or section whose value is uncertain because of it, also the likely meaning of a misspelt key. Empty for
   * the whole file; undefined if no key is affected.
   */
  readonly key: string | undefined
  /** Whether it is a name that kprf does not know, which `--lenient` ignores. */
  readonly isUnknownName?: boolean
}

/** Reads a file as UTF-8 text, or throws. */
export type ReadFile = (path: string) => string

/** The text of a file, or why it cannot be read. */
export type FileText =
  | { readonly status: 'read'; readonly text: string }
  | { readonly status: 'failed'; readonly reason: string }

/** Reads a file. A failure is returned, with a reason that omits the path, which Node.js appends. */
export function readText(path: string, readFile: ReadFile): FileText {
  try {
    return { status: 'read', text: readFile(path) }
  } catch (error) {
    return { status: 'failed', reason: fileProblem(error) }
  }
}
