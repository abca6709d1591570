import { nearest } from '../../config/nearest.ts'

/** An unknown field that looks like a known one. */
export interface Misspelling {
  readonly name: string
  readonly meant: string
}

/** What may be repeated in a header and in the log. */
const PLAIN_NAME = /^[\w.-]{1,32}$/
/** Of one push. */
const MAX_FOUND = 3
/** Names of which it is remembered what they look like. Beyond that clients make them up. */
const MAX_REMEMBERED = 1_000

/** What other APIs call fields. */
const OTHER_NAMES: readonly (readonly [spelling: string, name: string])[] = [
  ['wait', 'wait_for_send'],
  ['sync', 'wait_for_send'],
  ['wait_for_delivery', 'wait_for_send'],
  ['wait_for_ack', 'wait_for_send'],
  ['wait_for_send', 'wait'],
  ['ts', 'timestamp'],
]

/**
 * Finds fields that are ignored because they are unknown, although their sender most likely means a known one that is
 * missing: with `wait_for_sent` a push is asynchronous, and the client does not know.
 */
export class Misspellings {
  /** By the known fields, then by name: clients send the same fields again and again. */
  readonly #meant = new Map<ReadonlySet<string>, Map<string, string | undefined>>()
  #found: Misspelling[] = []

  /** Looks at an unknown field of an object. */
  note(name: string, object: object, known: ReadonlySet<string>): void {
    if (this.#found.length === MAX_FOUND) return
    const meant = this.#meantBy(name, known)
    if (meant === undefined || Object.hasOwn(object, meant)) return
    if (!this.#found.some((one) => one.name === name)) this.#found.push({ name, meant })
  }

  /** Returns what was found since the last call. */
  take(): readonly Misspelling[] {
    if (this.#found.length === 0) return NONE
    const found = this.#found
    this.#found = []
    return found
  }

  #meantBy(name: string, known: ReadonlySet<string>): string | undefined {
    let names = this.#meant.get(known)
    if (names === undefined) this.#meant.set(known, (names = new Map<string, string | undefined>()))
    if (names.has(name)) return names.get(name)
    if (names.size >= MAX_REMEMBERED || !PLAIN_NAME.test(name)) return undefined
    const meant = nearest(name, [
      ...Array.from(known, (one) => [one, one] as const),
      ...OTHER_NAMES.filter(([, one]) => known.has(one)),
    ])
    names.set(name, meant)
    return meant
  }
}

const NONE: readonly Misspelling[] = []
