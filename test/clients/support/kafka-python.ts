import { join } from 'node:path'
import type { CommandOutput } from '../../kafka/cluster/command.ts'
import { runCommand } from '../../kafka/cluster/command.ts'
import type { Connection, Consumption, KafkaClient } from './client.ts'
import { linesOf, protocolOf } from './client.ts'

/** The interpreter whose packages include kafka-python; Debian's, unless told otherwise. */
const python = process.env['KAFKA_PYTHON'] ?? '/usr/bin/python3'

const script = join(import.meta.dirname, 'kafka-python-client.py')

function run(verb: string, order: Connection | undefined): Promise<CommandOutput> {
  const input = order && Buffer.from(JSON.stringify({ ...order, protocol: protocolOf(order) }))
  return runCommand(python, [script, verb], input ? { input } : {})
}

/** One record as bytes: key, value, and headers in their order. */
export type RecordInBytes = readonly [
  key: Buffer | null,
  value: Buffer | null,
  headers: readonly (readonly [name: string, value: Buffer | null])[],
]

/** Reads the first records of a topic with one partition, in their order. */
export async function readBytes(consumption: Consumption): Promise<readonly RecordInBytes[]> {
  const bytes = (text: string | null): Buffer | null =>
    text === null ? null : Buffer.from(text, 'base64')
  return linesOf((await run('consume-bytes', consumption)).stdout).map((line) => {
    const [key, value, headers] = JSON.parse(line) as [
      string | null,
      string | null,
      [string, string | null][],
    ]
    return [bytes(key), bytes(value), headers.map(([name, one]) => [name, bytes(one)] as const)]
  })
}

/** kafka-python. Its codecs other than gzip are packages of their own. */
export const kafkaPython: KafkaClient = {
  name: 'kafka-python',
  // Version 2.0.2, which Debian has, knows no idempotent producer.
  lacks: ['snappy', 'lz4', 'zstd', 'idempotent producer'],
  async version() {
    try {
      return (await run('version', undefined)).stdout.toString().trim()
    } catch (cause) {
      throw new Error('kafka-python is missing (Debian: apt-get install python3-kafka)', { cause })
    }
  },
  async produce(production) {
    await run('produce', production)
  },
  async consume(consumption) {
    return linesOf((await run('consume', consumption)).stdout)
  },
}
