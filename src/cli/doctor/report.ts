/** Writes findings: a line for each as soon as it is known, or one JSON document. */
import type { Masker } from '../../base/quotable.ts'
import type { BuildInfo } from '../../base/build-info.ts'
import type { Finding, Status } from './finding.ts'
import type { ProgressStream } from '../progress.ts'

/** Where findings go, and how. */
export interface ReportOptions {
  readonly isJson: boolean
  readonly build: BuildInfo
  /** Writes to stdout. */
  readonly write: (text: string) => void
  /** Shows what is being checked, if it is a terminal. */
  readonly progress: ProgressStream
}

const CLEAR_LINE = '\r\u001B[K'
/** Of the longest status and the longest name of a check. */
const WIDTHS = { status: 8, check: 13 } as const

/** Collects findings and writes them. */
export class Report {
  readonly #options: ReportOptions
  readonly #findings: Finding[] = []
  #mask: Masker = (text) => text

  constructor(options: ReportOptions) {
    this.#options = options
  }

  /** Masks secrets from now on. */
  maskWith(mask: Masker): void {
    this.#mask = mask
  }

  /** Whether there is a problem among the findings. */
  get hasProblem(): boolean {
    return this.#findings.some(({ status }) => status === 'problem')
  }

  /** Shows what is being checked. */
  checking(label: string): void {
    const { progress } = this.#options
    if (progress.isTTY === true) {
      progress.write(`${CLEAR_LINE}checking ${this.#shown(label)} ...`)
    }
  }

  add(findings: readonly Finding[]): void {
    const masked = findings.map((finding) => this.#masked(finding))
    this.#findings.push(...masked)
    if (this.#options.isJson) return
    this.#clear()
    for (const finding of masked) this.#options.write(linesOf(finding))
  }

  /** Writes the end. @param unchecked - what was left out because the user has stopped it. */
  end(unchecked: readonly string[] = []): void {
    this.#clear()
    const counts = this.#counts()
    if (this.#options.isJson) {
      const { version, commitHash } = this.#options.build
      const document = {
        kprf: { version, commit: commitHash },
        status: this.#worst(),
        is_complete: unchecked.length === 0,
        counts,
        findings: this.#findings,
      }
      this.#options.write(`${JSON.stringify(document, undefined, 2)}\n`)
      return
    }
    const left = unchecked.map((label) => this.#shown(label)).join(', ')
    const stopped = left === '' ? '' : `stopped; not checked: ${left}\n`
    const { problem, warning } = counts
    this.#options.write(
      `${stopped}${plural(problem, 'problem')}, ${plural(warning, 'warning')}, ${counts.ok} ok, ${counts.skipped} skipped\n`,
    )
  }

  #clear(): void {
    const { progress } = this.#options
    if (progress.isTTY === true) progress.write(CLEAR_LINE)
  }

  #masked({ advice, ...finding }: Finding): Finding {
    return {
      ...finding,
      subject: this.#shown(finding.subject),
      text: this.#shown(finding.text),
      ...(advice !== undefined && { advice: this.#shown(advice) }),
    }
  }

  #shown(text: string): string {
    return plain(this.#mask(text))
  }

  #counts(): Readonly<Record<Status, number>> {
    const count = (status: Status): number =>
      this.#findings.filter((finding) => finding.status === status).length
    return {
      problem: count('problem'),
      warning: count('warning'),
      ok: count('ok'),
      skipped: count('skipped'),
    }
  }

  #worst(): 'ok' | 'warning' | 'problem' {
    const { problem, warning } = this.#counts()
    if (problem > 0) return 'problem'
    return warning > 0 ? 'warning' : 'ok'
  }
}

function linesOf({ status, check, subject, text, advice }: Finding): string {
  const head = `${status.padEnd(WIDTHS.status)} ${check.padEnd(WIDTHS.check)} `
  const about = subject === '' ? '' : `${subject}: `
  const todo = advice === undefined ? '' : `${' '.repeat(WIDTHS.status + 1)}-> ${advice}\n`
  return `${head}${about}${text}\n${todo}`
}

/** Names from Kafka, DNS and certificates must not control the terminal. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
