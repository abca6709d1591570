import type { ProduceCall } from './produce-call.ts'

/** From this version of Produce on (Kafka 2.1), brokers read zstd (KIP-110). All brokers read the older codecs. */
const PRODUCE_VERSION_WITH_ZSTD = 7

/** A broker does not read the codec of a batch, so the request was not sent. */
class UnreadCodecError extends Error {
  constructor(broker: string) {
    super(`${broker} does not read zstd`)
    this.name = 'UnreadCodecError'
  }
}

/**
 * Checks that a broker reads the codec of the batches of a call. This must be known before they are sent: Kafka 2.0 and
 * earlier would answer as if they might have stored the batches.
 *
 * @param produceVersion - the version of the Produce request.
 * @throws UnreadCodecError if the broker does not read it.
 */
export function assertReadable(
  { batches }: ProduceCall,
  produceVersion: number,
  broker: string,
): void {
  if (produceVersion >= PRODUCE_VERSION_WITH_ZSTD) return
  if (batches.some(({ codec }) => codec === 'zstd')) throw new UnreadCodecError(broker)
}
