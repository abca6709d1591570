import type { ProduceCall } from './produce-call.ts'

/** From this version of Produce on (Kafka 2.1), brokers read zstd (KIP-110). Others are older than record batches. */
const PRODUCE_VERSION_WITH_ZSTD = 7

/** A broker does not read the codec of a batch, so the request was not sent. */
class UnreadCodecError extends Error {
  constructor(broker: string) {
    super(`${broker} does not read zstd`)
    this.name = 'UnreadCodecError'
  }
}

/**
 * Checks that a broker reads the batches of a call. Not to be found out by sending them: Kafka 2.0 and earlier
 * answer as if they may have stored them.
 *
 * @param produceVersion - the version of Produce that it is sent.
 * @throws UnreadCodecError if it does not.
 */
export function assertReadable(
  { batches }: ProduceCall,
  produceVersion: number,
  broker: string,
): void {
  if (produceVersion >= PRODUCE_VERSION_WITH_ZSTD) return
  if (batches.some(({ codec }) => codec === 'zstd')) throw new UnreadCodecError(broker)
}
