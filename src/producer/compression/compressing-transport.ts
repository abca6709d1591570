import type { Clock } from '../../base/clock.ts'
import type { ClusterAnswer, WantedTopics } from '../../base/cluster-description.ts'
import { COMPRESSION_CODECS, type CompressionCodec } from '../../base/kafka-names.ts'
import type {
  Availability,
  EncodedBatch,
  MetadataOptions,
  MetadataSnapshot,
  ProduceAttempt,
  ProducerIdentity,
  ProduceRequest,
  Transport,
  TransportListener,
} from '../transport.ts'
import type { EventSink } from '../events.ts'
import type { MaybePromise } from '../types.ts'
import { compressorOf } from './codec.ts'
import type { Compressor } from './compressor.ts'
import { compressedPieces, headerOf, recordsOf } from './compressed-batch.ts'
import { LateAttempt } from './late-attempt.ts'
import { PlainLeaders } from './plain-leaders.ts'

/** Settings of compression. */
export interface CompressionSettings {
  /** `compression.codec`. */
  readonly compressionCodec: CompressionCodec
  /** `compression.level`; -1 for the codec's usual one. */
  readonly compressionLevel: number
}

/** Dependencies of compression. */
export interface CompressionDependencies {
  readonly clock: Clock
  readonly events: EventSink
  /** Learns why batches are sent uncompressed. */
  readonly log: (level: 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** Wraps a transport with compression, if a codec is set. */
export function withCompression(
  transport: Transport,
  { compressionCodec: codec, compressionLevel: level }: CompressionSettings,
  dependencies: CompressionDependencies,
): Transport {
  if (codec === 'none') return transport
  return new CompressingTransport(transport, {
    ...dependencies,
    codec,
    compress: compressorOf(codec, level),
  })
}

/** Options of a {@link CompressingTransport}. */
export interface CompressingTransportOptions extends CompressionDependencies {
  readonly codec: CompressionCodec
  readonly compress: Compressor
}

/**
 * A transport that compresses the records of each batch on their way to another transport. A batch that does not
 * become smaller, that cannot be compressed, or that its leader could not read, is sent uncompressed, as in
 * librdkafka. Input is read only during
 * {@link CompressingTransport.produce}, except for uncompressed batches, which the other transport reads until the
 * attempt ends.
 */
export class CompressingTransport implements Transport {
  readonly #transport: Transport
  readonly #options: CompressingTransportOptions
  readonly #codecNumber: number
  readonly #plainLeaders: PlainLeaders
  /** Attempts that wait for their batches. */
  readonly #compressing = new Set<LateAttempt>()

  constructor(transport: Transport, options: CompressingTransportOptions) {
    this.#transport = transport
    this.#options = options
    this.#codecNumber = COMPRESSION_CODECS.indexOf(options.codec)
    this.#plainLeaders = new PlainLeaders(options)
  }

  get availability(): Availability {
    return this.#transport.availability
  }

  get metadataAgeMs(): number | undefined {
    return this.#transport.metadataAgeMs
  }

  start(listener: TransportListener): void {
    this.#transport.start(listener)
  }

  fetchMetadata(topics: readonly string[], options?: MetadataOptions): Promise<MetadataSnapshot> {
    return this.#transport.fetchMetadata(topics, options)
  }

  describe(topics: WantedTopics): Promise<ClusterAnswer> {
    return this.#transport.describe(topics)
  }

  initProducerId(): Promise<ProducerIdentity> {
    return this.#transport.initProducerId()
  }

  produce(request: ProduceRequest): ProduceAttempt {
    if (this.#plainLeaders.has(request.leader)) return this.#transport.produce(request)
    const batches = request.batches.map((batch) => this.#compress(batch))
    const ready = batches.filter((batch): batch is EncodedBatch => !(batch instanceof Promise))
    if (ready.length === batches.length) {
      return this.#begin({ ...request, batches: ready })
    }
    const attempt = new LateAttempt(request, allOf(batches), {
      clock: this.#options.clock,
      begin: (compressed) => this.#begin(compressed),
      onDone: () => this.#compressing.delete(attempt),
    })
    this.#compressing.add(attempt)
    return attempt
  }

  async close(): Promise<void> {
    for (const attempt of this.#compressing) attempt.abandon()
    await this.#transport.close()
  }

  #begin(compressed: ProduceRequest): ProduceAttempt {
    return this.#plainLeaders.observe(this.#transport.produce(compressed), compressed)
  }

  #compress(batch: EncodedBatch): MaybePromise<EncodedBatch> {
    const header = headerOf(batch)
    try {
      const records = this.#options.compress(recordsOf(batch))
      if (!(records instanceof Promise)) return this.#smaller(batch, header, records)
      return records.then(
        (compressed) => this.#smaller(batch, header, compressed),
        (error: unknown) => this.#asItIs(batch, error),
      )
    } catch (error) {
      return this.#asItIs(batch, error)
    }
  }

  #smaller(batch: EncodedBatch, header: Buffer, records: Buffer): EncodedBatch {
    const sizeBytes = header.length + records.length
    const wireBytes = Math.min(sizeBytes, batch.sizeBytes)
    this.#options.events.emit({ kind: 'batchCompressed', plainBytes: batch.sizeBytes, wireBytes })
    if (sizeBytes >= batch.sizeBytes) return batch
    const { codec } = this.#options
    const pieces = compressedPieces(header, records, this.#codecNumber)
    return { ...batch, sizeBytes, pieces, codec }
  }

  #asItIs(batch: EncodedBatch, error: unknown): EncodedBatch {
    this.#options.log('warn', 'cannot compress a batch; sending it uncompressed', {
      codec: this.#options.codec,
      topic: batch.topic,
      reason: error instanceof Error ? error.message : String(error),
    })
    return batch
  }
}

function allOf<Value>(values: readonly MaybePromise<Value>[]): Promise<readonly Value[]> {
  return Promise.all(values.map(async (value) => await value))
}
