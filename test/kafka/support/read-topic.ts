/**
 * Reads what a topic really holds, with a client that shares no code with ours: kcat (librdkafka).
 *
 * kcat's JSON is exact although it is not always valid UTF-8: it escapes control characters, quotes
 * and backslashes, and copies every other byte as it is. Taken as Latin-1, where each byte is one
 * character, it parses, and each string turns back into the bytes that Kafka has. Only a header's
 * name ends at a zero byte, since librdkafka hands it out as a C string.
 */
import { runCommand } from '../cluster/command.ts'
import { readUntil } from '../../support/until.ts'
import { requireTool } from '../cluster/tools.ts'

/** One record as Kafka stores it. Null is Kafka's null, which is not the same as no bytes. */
export interface StoredRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In Kafka's order, with duplicates. */
  readonly headers: readonly StoredHeader[]
  readonly timestampMs: number
}

/** One header of a stored record. */
export interface StoredHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** What kcat prints for one record; strings hold one byte per character. */
interface KcatRecord {
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly key: string | null
  readonly payload: string | null
  /** Names and values in turn; absent when there are none. */
  readonly headers?: readonly (string | null)[]
}

/** Which topic {@link readTopicUntil} reads, and for how long. */
export interface ReadUntilOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly timeoutMs: number
}

const readTimeoutMs = 60_000

/**
 * Resolves to every record of a topic from its beginning to the end it has now, by partition and
 * then by offset. Rejects when the topic does not exist or cannot be read within a minute.
 */
export async function readTopic(
  bootstrap: string,
  topic: string,
): Promise<readonly StoredRecord[]> {
  const kcat = await requireTool('kcat')
  const { stdout } = await runCommand(kcat, kcatArguments(bootstrap, topic), {
    timeoutMs: readTimeoutMs,
  })
  const lines = stdout.toString('latin1').split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => parseRecord(JSON.parse(line) as KcatRecord))
    .sort((a, b) => a.partition - b.partition)
}

/**
 * Reads a topic again and again until it holds what is awaited, and resolves to it then; after
 * `timeoutMs` to what it holds all the same. A leader that was just elected has records that it does not
 * show yet: it must hear from its followers first how far they are, although all count as in sync.
 */
export async function readTopicUntil(
  isAwaited: (records: readonly StoredRecord[]) => boolean,
  { bootstrap, topic, timeoutMs }: ReadUntilOptions,
): Promise<readonly StoredRecord[]> {
  return readUntil(isAwaited, timeoutMs, () => readTopic(bootstrap, topic))
}

function kcatArguments(bootstrap: string, topic: string): readonly string[] {
  return [
    ...['-C', '-b', bootstrap, '-t', topic],
    ...['-o', 'beginning', '-e'], // from the first record to the end of every partition
    '-E', // a dead broker among the others is no reason to stop
    '-q',
    '-J',
    ...['-X', 'check.crcs=true'],
    ...['-X', 'fetch.wait.max.ms=10'], // the end is known when a fetch comes back empty
  ]
}

function parseRecord(record: KcatRecord): StoredRecord {
  return {
    partition: record.partition,
    offset: BigInt(record.offset),
    key: toBytes(record.key),
    value: toBytes(record.payload),
    headers: parseHeaders(record.headers ?? []),
    timestampMs: record.ts,
  }
}

function parseHeaders(flat: readonly (string | null)[]): readonly StoredHeader[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => ({
    key: Buffer.from(flat[2 * index] ?? '', 'latin1').toString('utf8'),
    value: toBytes(flat[2 * index + 1] ?? null),
  }))
}

function toBytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'latin1')
}
