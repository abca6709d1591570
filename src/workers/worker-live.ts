import type { LiveIdentity, LiveSample, LiveSource } from '../base/live-sample.ts'
import type { ToPrimary } from './messages.ts'
import { OpenQuestions } from './open-questions.ts'

/** What the page shows of all workers, as one of them sees it: the primary process knows it. */
export class WorkerLive implements LiveSource {
  readonly identity: LiveIdentity
  readonly #send: (message: ToPrimary) => void
  readonly #asked = new OpenQuestions<LiveSample | undefined>()

  constructor(identity: LiveIdentity, send: (message: ToPrimary) => void) {
    this.identity = identity
    this.#send = send
  }

  async take(): Promise<LiveSample> {
    const sample = await this.#asked.ask((id) => {
      this.#send({ kind: 'askLive', id })
    })
    if (sample === undefined) throw new Error('the primary process has no figures')
    return sample
  }

  /** The primary has answered. */
  answered(id: number, sample: LiveSample | undefined): void {
    this.#asked.answered(id, sample)
  }
}
