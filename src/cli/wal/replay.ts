import type {
  DeliveryError,
  DeliveryReport,
  RecordProducer,
  SendCall,
} from '../../producer/types.ts'
import type { Letter } from '../../wal/tools/letters.ts'

/** How long a letter waits for room in the queue of this command, ms. */
const ROOM_WAIT_MS = 60_000
/** Letters that are with the producer at a time. */
const MAX_OUTSTANDING = 1_000

/** Settings and dependencies of a {@link Replay}. */
export interface ReplayOptions {
  readonly producer: Pick<RecordProducer, 'sendAll'>
  /** How long Kafka may take for a letter, ms: more than 0. */
  readonly deliveryTimeoutMs: number
  /** Kafka has the letter. */
  readonly delivered: (letter: Letter) => void
  /** Kafka refuses it again, or does not take it in time. */
  readonly failed: (letter: Letter, error: DeliveryError) => void
}

/** Sends dead letters to their topics, a limited number at a time. */
export class Replay {
  readonly #options: ReplayOptions
  #outstanding = 0
  #room: PromiseWithResolvers<undefined> | undefined

  constructor(options: ReplayOptions) {
    this.#options = options
  }

  /** Sends a letter. Resolves when the next one may be sent. */
  async send(letter: Letter): Promise<void> {
    const { producer, deliveryTimeoutMs, delivered, failed } = this.#options
    this.#outstanding += 1
    const admission = Promise.withResolvers<undefined>()
    const end = (error?: DeliveryError): void => {
      if (error) failed(letter, error)
      else delivered(letter)
      this.#outstanding -= 1
      this.#room?.resolve(undefined)
      this.#room = undefined
    }
    const call: SendCall = {
      owner: {
        deliveryTimeoutMs,
        settled: (report: DeliveryReport) => {
          end(report.status === 'persisted' ? undefined : report.error)
        },
      },
      roomWaitMs: ROOM_WAIT_MS,
      isRefused: () => false,
      refused: (_index, error) => {
        end(error)
      },
      admissionEnded: () => {
        admission.resolve(undefined)
      },
    }
    producer.sendAll([letter.record], call)
    // So that no later letter overtakes it.
    await admission.promise
    await this.#until(MAX_OUTSTANDING - 1)
  }

  /** Resolves once Kafka has answered for every letter. */
  async drained(): Promise<void> {
    await this.#until(0)
  }

  async #until(outstanding: number): Promise<void> {
    while (this.#outstanding > outstanding) {
      this.#room ??= Promise.withResolvers()
      await this.#room.promise
    }
  }
}
