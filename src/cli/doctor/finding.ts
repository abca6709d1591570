/** What `kprf doctor` finds out. */

/** What a finding is about. Part of the JSON that users read: names stay. */
export type CheckName =
  | 'configuration'
  | 'version'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'kafka'
  | 'sasl'
  | 'cluster'
  | 'advertised'
  | 'topic'
  | 'clock'
  | 'disk'
  | 'files'
  | 'memory'
  | 'port'
  | 'certificate'
  | 'tokens'
  /** A check that has failed itself. */
  | 'doctor'

/** `skipped`: it could not be checked, because of a problem that is another finding. */
export type Status = 'ok' | 'warning' | 'problem' | 'skipped'

/** One result of a check. */
export interface Finding {
  readonly check: CheckName
  /** The address, topic, file or key; empty if there is only one thing to check. */
  readonly subject: string
  readonly status: Status
  /** What was found, in words. */
  readonly text: string
  /** What to do; with a warning and a problem. */
  readonly advice?: string
}

/** Makes the findings of one check about one thing. */
export class Findings {
  readonly #check: CheckName
  readonly #subject: string

  constructor(check: CheckName, subject = '') {
    this.#check = check
    this.#subject = subject
  }

  ok(text: string): Finding {
    return { check: this.#check, subject: this.#subject, status: 'ok', text }
  }

  skipped(text: string): Finding {
    return { check: this.#check, subject: this.#subject, status: 'skipped', text }
  }

  warning(text: string, advice: string): Finding {
    return { check: this.#check, subject: this.#subject, status: 'warning', text, advice }
  }

  problem(text: string, advice: string): Finding {
    return { check: this.#check, subject: this.#subject, status: 'problem', text, advice }
  }
}

/** `12 ms`. */
export function shownMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** `2026-01-31`. */
export function shownDate(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10)
}
