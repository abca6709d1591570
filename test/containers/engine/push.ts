/** Pushes from this machine to the port that the compose files publish, and reads back what Kafka has. */
import { readTopic } from '../../kafka/support/read-topic.ts'

/** The listener that Kafka advertises for programs outside its containers. */
const KAFKA = '127.0.0.1:29092'

/** Pushes values to a topic, on a connection of its own. Resolves to the status. */
export async function push(
  topic: string,
  values: readonly string[],
  { wait }: { readonly wait: boolean },
): Promise<number> {
  const records = values.map((data) => ({ topic, data }))
  const { status, body } = await fetch('http://127.0.0.1:4242/push', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify({ records, wait_for_send: wait }),
    signal: AbortSignal.timeout(60_000),
  })
  await body?.cancel()
  return status
}

/** The values in a topic, sorted. */
export async function valuesOf(topic: string): Promise<readonly string[]> {
  const records = await readTopic(KAFKA, topic)
  return records.map(({ value }) => String(value)).sort()
}

/** So many different values. */
export function values(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`)
}
