import type { EventSink, ProducerEvent } from '../../src/producer/events.ts'

/** Keeps what happens on connections and to batches on their way. */
export class RecordingEvents implements EventSink {
  connectFailures = 0
  authenticationFailures = 0
  metadataAnswers = 0
  /** Why connections ended, in the order in which they did. */
  readonly lost: string[] = []
  /** How long brokers asked kprf to wait, where they did. */
  readonly throttles: number[] = []
  /** Brokers in the order in which they answered produce requests. */
  readonly answers: string[] = []
  /** Sizes of batches, before and after compression. */
  readonly compressions: [plainBytes: number, wireBytes: number][] = []
  /** Sizes of batches as they were sent. */
  readonly sentBytes: number[] = []

  emit(event: ProducerEvent): void {
    switch (event.kind) {
      case 'batchCompressed':
        this.compressions.push([event.plainBytes, event.wireBytes])
        break
      case 'batchesSent':
        for (const { sizeBytes } of event.batches) this.sentBytes.push(sizeBytes)
        break
      case 'connectFailed':
        this.connectFailures += 1
        break
      case 'authenticationFailed':
        this.authenticationFailures += 1
        break
      case 'connectionClosed':
        if (event.end !== undefined && event.end !== 'intended') this.lost.push(event.end)
        break
      case 'metadataAnswered':
        this.metadataAnswers += 1
        break
      case 'produceAnswered':
        this.answers.push(`${event.broker}`)
        if (event.throttleMs > 0) this.throttles.push(event.throttleMs)
        break
      default:
    }
  }
}

/** Where nobody listens. */
export const NO_EVENTS: EventSink = { emit: () => undefined }
