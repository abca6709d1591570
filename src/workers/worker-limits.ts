import type { LimitDecider } from '../ingest/limit-counters.ts'
import type { QuotaAmount } from '../ingest/quotas.ts'
import type { Admission, RecordsByTopic } from '../ingest/rate-limiter.ts'
import type { ToPrimary } from './messages.ts'
import { OpenQuestions } from './open-questions.ts'

/** The limits as a worker sees them: the primary process decides. */
export class WorkerLimits implements LimitDecider {
  readonly admissions = new OpenQuestions<Admission>()
  readonly quotas = new OpenQuestions<number>()
  readonly entries = new OpenQuestions<boolean>()
  readonly #send: (message: ToPrimary) => void

  constructor(send: (message: ToPrimary) => void) {
    this.#send = send
  }

  admit(wanted: RecordsByTopic): Promise<Admission> {
    return this.admissions.ask((id) => {
      this.#send({ kind: 'admit', id, wanted })
    })
  }

  take(principal: string, amount: QuotaAmount): Promise<number> {
    return this.quotas.ask((id) => {
      this.#send({ kind: 'takeQuota', id, principal, amount })
    })
  }

  enter(principal: string): Promise<boolean> {
    return this.entries.ask((id) => {
      this.#send({ kind: 'enter', id, principal })
    })
  }

  leave(principal: string): void {
    this.#send({ kind: 'leave', principal })
  }
}
