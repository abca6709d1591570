import type { RecordsSource, SeenRecords } from '../base/seen-records.ts'
import type { ToPrimary } from './messages.ts'
import { OpenQuestions } from './open-questions.ts'

/** The records of the embedded broker as a worker sees them: the broker runs in the primary process. */
export class WorkerRecords implements RecordsSource {
  readonly #send: (message: ToPrimary) => void
  readonly #asked = new OpenQuestions<SeenRecords>()

  constructor(send: (message: ToPrimary) => void) {
    this.#send = send
  }

  look(topic: string | undefined, after: number): Promise<SeenRecords> {
    return this.#asked.ask((id) => {
      this.#send({ kind: 'seeRecords', id, topic, after })
    })
  }

  /** The primary has answered. */
  answered(id: number, seen: SeenRecords): void {
    this.#asked.answered(id, seen)
  }
}
