import { invariant } from '../../base/invariant.ts'

/** The decoded path parameters of one request. */
export type PathParams = Readonly<Record<string, string>>

/** For paths without parameters. */
export const NO_PARAMS: PathParams = Object.freeze({})

/** A segment between two slashes: characters that need no encoding, or `:` and a parameter name. */
const SEGMENT = /^(?::\w+|[\w.~-][\w.~:-]*)$/

/** A path with parameters, such as `/topics/:topic/raw`: the part of Express's patterns that kprf uses. */
export class PathPattern {
  /** Equal for patterns that differ only in the names of parameters. */
  readonly shape: string
  readonly hasParams: boolean
  readonly #segments: readonly string[]

  constructor(pattern: string) {
    this.#segments = segmentsOf(pattern)
    invariant(
      pattern === '/' ||
        (pattern.startsWith('/') && this.#segments.every((text) => SEGMENT.test(text))),
      `${pattern} is a path of segments and :parameters`,
    )
    this.hasParams = pattern.includes('/:')
    this.shape = this.#segments.map((text) => (text.startsWith(':') ? ':' : text)).join('/')
  }

  /** Whether a path with these segments matches this pattern. */
  matches(segments: readonly string[]): boolean {
    if (segments.length !== this.#segments.length) return false
    for (const [index, expected] of this.#segments.entries()) {
      const actual = segments[index]
      if (expected.startsWith(':') ? actual === '' : actual !== expected) return false
    }
    return true
  }

  /**
   * Reads the parameters of a matching path.
   *
   * @returns `undefined` if one cannot be decoded. The server refuses such a path before it looks for a route.
   */
  paramsOf(segments: readonly string[]): PathParams | undefined {
    const params: Record<string, string> = {}
    try {
      for (const [index, expected] of this.#segments.entries()) {
        if (!expected.startsWith(':')) continue
        params[expected.slice(1)] = decodeURIComponent(segments[index] ?? '')
      }
    } catch {
      return undefined
    }
    return params
  }
}

/** Splits a path, which begins with a slash, at its slashes. */
export function segmentsOf(path: string): readonly string[] {
  return path.slice(1).split('/')
}
