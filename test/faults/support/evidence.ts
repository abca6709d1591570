/** What a test of a fault saw, for the table in docs/RELIABILITY.md. */
import type { Push, PushReply } from '../../support/push.ts'
import type { Balance, Figures } from './figures.ts'

/** What the table says of one test. */
export interface FaultEvidence {
  /** Replies in the order they came, such as `sync 200`. */
  readonly replies: string[]
  /** Messages of log lines, each with the fields that a test asked for. */
  readonly log: string[]
  /** The last balance taken. */
  balance: string
  /** The metrics of the Rust kprf other than zero at the last look. */
  metrics: string
  /** Those of our own that show the fault. */
  readonly signs: string[]
}

declare module 'vitest' {
  interface TaskMeta {
    fault?: FaultEvidence
  }
}

/** Collects a {@link FaultEvidence}. */
export class Evidence {
  readonly collected: FaultEvidence = { replies: [], log: [], balance: '', metrics: '', signs: [] }

  answered(push: Push, { status, body }: PushReply): void {
    const kind = push.wait_for_send === true ? 'sync' : 'async'
    const code = body.error_code === undefined ? '' : ` ${body.error_code}`
    this.#add(this.collected.replies, `${kind} ${status}${code}`)
  }

  logged(fields: Readonly<Record<string, unknown>>): void {
    const { msg, ...rest } = fields
    const details = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`)
    const line = [String(msg), ...details].join(', ')
    // The page must not differ from one run to the next.
    this.#add(this.collected.log, line.replaceAll(/\b[\w.]+:\d{4,5}\b/g, 'HOST:PORT'))
  }

  balance({ received, delivered, failed, rejected, queued, doubled }: Balance): void {
    const copies = doubled.length === 0 ? '' : `, ${doubled.length} stored twice`
    this.collected.balance = `${received} = ${delivered} + ${failed} + ${rejected} + ${queued}${copies}`
  }

  figures({ kafka_errors_count: errors, ...rest }: Figures): void {
    const failed = Object.entries(errors).map(
      ([code, count]) => `kafka_errors_count{error_code="${code}"} ${count}`,
    )
    const sent = `kafka_sent_messages ${rest.kafka_sent_messages}`
    const queued = `kafka_internal_queue_size ${rest.kafka_internal_queue_size}`
    this.collected.metrics = [sent, ...failed, queued]
      .filter((one) => !one.endsWith(' 0'))
      .join(', ')
  }

  signs(signs: Readonly<Record<string, number>>): void {
    for (const [series, value] of Object.entries(signs)) {
      this.#add(this.collected.signs, `${series} ${value}`)
    }
  }

  #add(list: string[], entry: string): void {
    if (!list.includes(entry)) list.push(entry)
  }
}
