/**
 * Asks one broker for its view of the cluster: a single Metadata request, version 4, over a
 * connection of its own. Version 4 is the oldest that can forbid the broker to create the topic
 * asked for, and the answer of a broker that takes part in the cluster lists every live broker:
 * so the same request tells when a broker is up, where leaders are and who is in sync.
 */
import { exchange, frame, int32, string } from './wire.ts'

/** One partition as a broker sees it. */
export interface PartitionState {
  readonly partition: number
  /** The broker that leads it; undefined while there is none. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  /** The replicas that are in sync, in no particular order. */
  readonly isr: readonly number[]
}

/** A broker's answer. */
export interface ClusterView {
  /** The ids of the live brokers, ascending. */
  readonly brokerIds: readonly number[]
  /** The partitions of each topic asked for, ascending; a topic that does not exist is absent. */
  readonly topics: ReadonlyMap<string, readonly PartitionState[]>
}

const metadataApiKey = 3
const metadataApiVersion = 4
const noError = 0

/** Asks the broker on a loopback port. Rejects when it does not answer within a second. */
export async function fetchClusterView(
  port: number,
  topics: readonly string[] = [],
): Promise<ClusterView> {
  return parseResponse(await exchange(port, encodeRequest(topics)))
}

function encodeRequest(topics: readonly string[]): Buffer {
  const body = [int32(topics.length), ...topics.map(string), Buffer.of(0)]
  return frame(metadataApiKey, metadataApiVersion, body)
}

/** Reads the primitive types of the Kafka protocol in order; too short an answer throws. */
class Reader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(length: number): void {
    this.#position += length
  }

  int16(): number {
    this.skip(2)
    return this.#bytes.readInt16BE(this.#position - 2)
  }

  int32(): number {
    this.skip(4)
    return this.#bytes.readInt32BE(this.#position - 4)
  }

  string(): string {
    const length = Math.max(this.int16(), 0)
    this.skip(length)
    return this.#bytes.toString('utf8', this.#position - length, this.#position)
  }

  array<T>(element: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, element)
  }
}

function parseResponse(payload: Buffer): ClusterView {
  const reader = new Reader(payload)
  reader.int32() // correlation id
  reader.int32() // throttle time
  const brokerIds = reader.array(() => parseBrokerId(reader))
  reader.string() // cluster id
  reader.int32() // controller id
  const topics = reader.array(() => parseTopic(reader))
  return {
    brokerIds: brokerIds.sort((a, b) => a - b),
    topics: new Map(topics.flatMap((topic) => (topic === undefined ? [] : [topic]))),
  }
}

function parseBrokerId(reader: Reader): number {
  const id = reader.int32()
  reader.string() // host
  reader.int32() // port
  reader.string() // rack
  return id
}

function parseTopic(reader: Reader): readonly [string, readonly PartitionState[]] | undefined {
  const error = reader.int16()
  const name = reader.string()
  reader.skip(1) // is internal
  const partitions = reader.array(() => parsePartition(reader))
  if (error !== noError) return undefined
  return [name, partitions.sort((a, b) => a.partition - b.partition)]
}

function parsePartition(reader: Reader): PartitionState {
  reader.int16() // error: a missing leader shows in the leader itself
  const partition = reader.int32()
  const leader = reader.int32()
  const replicas = reader.array(() => reader.int32())
  const isr = reader.array(() => reader.int32())
  return { partition, leader: leader < 0 ? undefined : leader, replicas, isr }
}
