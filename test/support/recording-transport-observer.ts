import type { TransportObserver } from '../../src/producer/transport.ts'

/** Keeps what it is told of connections. */
export class RecordingTransportObserver implements TransportObserver {
  connectFailures = 0
  authenticationFailures = 0
  metadataAnswers = 0
  /** Why connections ended, in the order in which they did. */
  readonly lost: string[] = []
  readonly throttles: number[] = []
  /** Brokers in the order in which they answered produce requests. */
  readonly answers: string[] = []

  /** Sizes of batches, before and after compression. */
  readonly compressions: [plainBytes: number, wireBytes: number][] = []
  /** Sizes of batches as they were sent. */
  readonly sentBytes: number[] = []

  batchCompressed(plainBytes: number, wireBytes: number): void {
    this.compressions.push([plainBytes, wireBytes])
  }

  batchSent(wireBytes: number): void {
    this.sentBytes.push(wireBytes)
  }

  connectFailed(): void {
    this.connectFailures += 1
  }

  authenticationFailed(): void {
    this.authenticationFailures += 1
  }

  connectionLost(reason: string): void {
    this.lost.push(reason)
  }

  metadataAnswered(): void {
    this.metadataAnswers += 1
  }

  throttled(durationMs: number): void {
    this.throttles.push(durationMs)
  }

  produceAnswered(broker: string): void {
    this.answers.push(broker)
  }
}
