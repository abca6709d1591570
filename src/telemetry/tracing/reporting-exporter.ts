/** Tells whether spans arrive where they are sent to, and limits how many wait. */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** Hears whether spans arrive. */
export interface ExportListener {
  /** The first spans were lost, or those after a recovery. */
  onFailed(reason: string): void
  /** No more spans are lost. @param lost - those since the failure. */
  onRecovered(lost: number): void
}

/** Sends spans through another exporter, and tells of the first failure and of the recovery from it. */
export class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #listener: ExportListener
  readonly #room: number
  #isFailing = false
  #lost = 0
  #waiting = 0
  #inFlight = 0

  /** @param room - most spans that wait to be exported. */
  constructor(exporter: SpanExporter, listener: ExportListener, room: number) {
    this.#exporter = exporter
    this.#listener = listener
    this.#room = room
  }

  /** How many spans were lost since the failure, or wait, or are being sent. */
  get unsent(): number {
    return this.#lost + this.#waiting + this.#inFlight
  }

  /** Takes a place for one span, which will be exported later. @returns whether there is one. */
  admit(): boolean {
    if (this.#waiting >= this.#room) {
      this.#failed(1, `there are more spans than are sent, and ${this.#room} wait`)
      return false
    }
    this.#waiting += 1
    return true
  }

  export(spans: ReadableSpan[], onResult: (result: ExportResult) => void): void {
    this.#waiting -= spans.length
    this.#inFlight += spans.length
    this.#exporter.export(spans, (result) => {
      this.#inFlight -= spans.length
      if (result.code === ExportResultCode.SUCCESS) this.#succeeded()
      else this.#failed(spans.length, reasonOf(result.error))
      onResult(result)
    })
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown()
  }

  /** While spans come faster than they are sent, a success is no recovery: the next ones will be lost again. */
  #succeeded(): void {
    if (!this.#isFailing || this.#waiting > this.#room / 2) return
    this.#listener.onRecovered(this.#lost)
    this.#isFailing = false
    this.#lost = 0
  }

  #failed(spans: number, reason: string): void {
    this.#lost += spans
    if (this.#isFailing) return
    this.#isFailing = true
    this.#listener.onFailed(reason)
  }
}

/** An error of several addresses has no message, only a code. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'unknown'
  if (error.message !== '') return error.message
  return 'code' in error ? String(error.code) : error.name
}
