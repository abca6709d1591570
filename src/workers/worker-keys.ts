import type {
  IdempotencyKey,
  IdempotencyKeys,
  KeyOutcome,
  KeyState,
  RestoredKey,
} from '../base/idempotency.ts'
import type { ToPrimary } from './messages.ts'
import { OpenQuestions } from './open-questions.ts'

/** The idempotency keys as a worker sees them: the primary process has them. */
export class WorkerKeys implements IdempotencyKeys {
  readonly #send: (message: ToPrimary) => void
  readonly #asked = new OpenQuestions<KeyState>()

  constructor(send: (message: ToPrimary) => void) {
    this.#send = send
  }

  begin({ identity, fingerprint }: IdempotencyKey): Promise<KeyState> {
    return this.#asked.ask((id) => {
      this.#send({ kind: 'beginKey', id, key: { identity, fingerprint } })
    })
  }

  /** The primary has answered. */
  answered(id: number, state: KeyState): void {
    this.#asked.answered(id, state)
  }

  end({ identity, fingerprint }: IdempotencyKey, outcome: KeyOutcome): void {
    this.#send({ kind: 'endKey', key: { identity, fingerprint }, outcome })
  }

  restore(slot: string, isOwn: boolean, keys: readonly RestoredKey[]): void {
    this.#send({ kind: 'restoreKeys', slot, isOwn, keys })
  }
}
