/** A client of the outage test, with a connection and a partition of its own. */
import { HttpClient } from '../support/http-client.ts'
import { valueOf } from './arrivals.ts'

/** The topic of all clients, and its partitions. */
export const TOPIC = { name: 'outage', partitions: 4 }
/** Of a record, bytes. */
export const RECORD_BYTES = 4_096

/** Pushes records in order, each push after the reply to the one before. */
export class OutageClient {
  readonly name: string
  /** Records that were accepted, or delivered if it waits for that. */
  accepted = 0
  /** From each push to its reply, ms. */
  readonly latenciesMs: number[] = []
  readonly #partition: number
  readonly #waitsForDelivery: boolean
  readonly #http: HttpClient

  constructor(name: string, partition: number, port: number, waitsForDelivery = false) {
    this.name = name
    this.#partition = partition % TOPIC.partitions
    this.#waitsForDelivery = waitsForDelivery
    this.#http = new HttpClient(port)
  }

  /** Pushes so many records. @throws Error if they are not accepted. */
  async push(records: number): Promise<void> {
    const startedMs = performance.now()
    const { status, text } = await this.#http.post(
      '/push',
      JSON.stringify({
        records: Array.from({ length: records }, (_, index) => ({
          topic: TOPIC.name,
          partition: this.#partition,
          data: valueOf(this.name, this.accepted + index, RECORD_BYTES),
        })),
        ...(this.#waitsForDelivery && { wait_for_send: true }),
      }),
    )
    if (status !== 200) throw new Error(`client ${this.name} was answered ${status}: ${text}`)
    this.latenciesMs.push(performance.now() - startedMs)
    this.accepted += records
  }

  close(): void {
    this.#http.close()
  }
}
