import { zstdCompressSync } from 'node:zlib'
import type { Clock } from '../../src/base/clock.ts'
import type { Compressor } from '../../src/producer/compression/compressor.ts'
import { CompressingTransport } from '../../src/producer/compression/compressing-transport.ts'
import type { Transport } from '../../src/producer/transport.ts'
import { NO_EVENTS } from './recording-events.ts'

/** Compresses with zstd synchronously. */
export const atOnce: Compressor = (pieces) => zstdCompressSync(Buffer.concat(pieces))

/** Compresses with zstd, and completes in a later microtask. */
export const later: Compressor = (pieces) => Promise.resolve(atOnce(pieces))

/** Wraps a transport with compression. */
export function compressedWith(
  compress: Compressor,
): (transport: Transport, clock: Clock) => Transport {
  return (transport, clock) =>
    new CompressingTransport(transport, {
      ...{ clock, compress, codec: 'zstd', log: () => undefined },
      events: NO_EVENTS,
    })
}
