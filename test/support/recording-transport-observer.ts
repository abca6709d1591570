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
