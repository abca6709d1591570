/** Options of `kprf doctor`. */
export interface DoctorOptions {
  /** Topics to check; empty: those that the configuration names. */
  readonly topics: readonly string[]
  /** How long each step of a check may take, ms. */
  readonly timeoutMs: number
  /** Prints one JSON document. */
  readonly isJson: boolean
}

/** How long a step may take unless the user says otherwise, s: as long as kprf gives a connection. */
const TIMEOUT_S = 5
const MAX_TIMEOUT_S = 300

/** The flags of `kprf doctor`, as they were written. */
export interface DoctorFlags {
  readonly topics: readonly (string | undefined)[]
  /** Of `--timeout`; `undefined` without it. */
  readonly timeout: { readonly value: string | undefined } | undefined
  readonly isJson: boolean
}

/** Parses the options; what is wrong with them, as text. */
export function doctorOptions({ topics, timeout, isJson }: DoctorFlags): DoctorOptions | string {
  const names = topics.filter((topic): topic is string => topic !== undefined && topic !== '')
  if (names.length < topics.length) return '--topic: needs a value, as in --topic=orders'
  const seconds = timeout === undefined ? TIMEOUT_S : Number(timeout.value)
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S) || timeout?.value === '') {
    return `--timeout: needs a number of seconds up to ${MAX_TIMEOUT_S}, as in --timeout=5`
  }
  return { topics: [...new Set(names)], timeoutMs: Math.ceil(seconds * 1_000), isJson }
}
