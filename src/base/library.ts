import { createRequire } from 'node:module'

/** The libraries that most processes never use. */
interface Libraries {
  /** For a file of the configuration, and to print it. */
  readonly yaml: typeof import('yaml')
  /** For JSON Web Tokens. */
  readonly jose: typeof import('jose')
}

const require = createRequire(import.meta.url)

/** Loads a library at its first use, so that the start of kprf does not wait for it. */
export function library<Name extends keyof Libraries>(name: Name): Libraries[Name] {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- `require` has no types
  return require(name)
}
