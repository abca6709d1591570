/** Checks records as Kafka stores them, however many there are: of each client the next, and no other. */
import {
  produceApi,
  type ProduceRequest,
  type ProduceResponse,
  readBatchHeader,
  Reader,
  readRecord,
  type TestCluster,
} from '@kprf/embedded-broker/testing'

/** Bytes of a batch before its first record. */
const BATCH_HEADER_BYTES = 61
/** Client and number are within so many bytes of a value. */
const HEAD_BYTES = 40
const MAX_VIOLATIONS = 20

/** The value of a record: who pushed it, and its number there, from 0. */
export function valueOf(client: string, number: number, bytes: number): string {
  return `${client}:${number}:`.padEnd(bytes, 'abcdefghijklmnop')
}

/** Counts what is stored in a topic. */
export class Arrivals {
  /** One line each, up to a limit. */
  readonly violations: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #endOffsets = new Map<number, bigint>()

  /** Watches all produce requests of a cluster with one topic. */
  watch(cluster: TestCluster): void {
    const keep = { keep: true }
    cluster.control(
      produceApi.name,
      async (exchange) => {
        const reply = await exchange.proceed()
        if (reply.kind === 'answer') this.#arrived(exchange.request, reply.response)
        return reply
      },
      keep,
    )
  }

  /** How many records of a client are stored. */
  of(client: string): number {
    return this.#numbers.get(client) ?? 0
  }

  #arrived({ topics }: ProduceRequest, response: ProduceResponse): void {
    const answers = response.topics.flatMap(({ partitions }) => partitions)
    for (const { index, records } of topics.flatMap(({ partitions }) => partitions)) {
      const stored = answers.find((answer) => answer.index === index)
      const end = this.#endOffsets.get(index) ?? 0n
      // A batch that is repeated is acknowledged, and not stored again.
      if (records === null || stored?.errorCode !== 0 || stored.baseOffset !== end) continue
      const { recordCount } = readBatchHeader(records)
      this.#endOffsets.set(index, end + BigInt(recordCount))
      const reader = new Reader(records.subarray(BATCH_HEADER_BYTES))
      for (let record = 0; record < recordCount; record += 1) this.#check(readRecord(reader).value)
    }
  }

  #check(value: Buffer | null): void {
    const [client = '', number] = String(value?.subarray(0, HEAD_BYTES)).split(':')
    const next = this.of(client)
    if (Number(number) === next) this.#numbers.set(client, next + 1)
    else if (this.violations.length < MAX_VIOLATIONS) {
      this.violations.push(`record ${number} of client ${client} is stored in place of ${next}`)
    }
  }
}
