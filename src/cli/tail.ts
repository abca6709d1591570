/** `kprf tail`: prints the records of a topic as they arrive, with its own consumer group. */
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, type Consumer, type EachMessagePayload, type KafkaMessage } from 'kafkajs'
import type { TailOptions } from './cli.ts'
import { isText, textOf } from './record-text.ts'
import { systemClock } from '../base/clock.ts'
import type { KafkajsTransportSettings } from '../producer/kafkajs/settings.ts'
import { kafkajsSasl } from '../producer/kafkajs/sasl.ts'

/** Dependencies of {@link tail}. */
export interface TailDependencies {
  /** Prints a record as one line. */
  readonly print: (line: string) => void
  /** Prints a message about the tail itself. */
  readonly report: (line: string) => void
}

/** A tail that runs until it is stopped. */
export interface Tail {
  /** Leaves the group and disconnects. */
  stop(): Promise<void>
}

/** kafkajs cannot leave the group during a fetch, so this is also how long Ctrl-C may take, ms. */
const FETCH_WAIT_MS = 500
/** How often it checks for a topic that does not exist, ms. */
const TOPIC_INTERVAL_MS = 1_000

/**
 * Starts to print a topic, and waits for one that does not exist yet.
 *
 * @throws the client's error if no broker can be reached.
 */
export async function tail(
  { topic, fromBeginning, isJson }: TailOptions,
  settings: KafkajsTransportSettings,
  { print, report }: TailDependencies,
): Promise<Tail> {
  const { brokers, clientId, ssl } = settings
  const sasl = kafkajsSasl(() => settings.sasl, settings, {
    clock: systemClock,
    random: Math.random,
    log: (_level, message, { reason }) => {
      report(typeof reason === 'string' ? `${message}: ${reason}` : message)
    },
  })
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: `${clientId}-tail`,
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
    ...(ssl && { ssl }),
    ...(sasl && { sasl: sasl.options }),
  })
  await topicExists(kafka, topic, report)
  const consumer = kafka.consumer({
    groupId: `kprf-tail-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning })
  const joined = joins(consumer)
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ partition, message }: EachMessagePayload) => {
      print(isJson ? jsonLine(topic, partition, message) : textLine(topic, partition, message))
      return Promise.resolve()
    },
  })
  await joined
  report(`tailing ${topic}; Ctrl-C stops`)
  return {
    async stop() {
      await consumer.disconnect()
      sasl?.tokens?.close()
    },
  }
}

/** Resolves when the group has assigned partitions to the consumer: records from then on are printed. */
function joins(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => {
    consumer.on(consumer.events.GROUP_JOIN, () => {
      resolve()
    })
  })
}

async function topicExists(
  kafka: Kafka,
  topic: string,
  report: TailDependencies['report'],
): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    let isReported = false
    while (!(await admin.listTopics()).includes(topic)) {
      if (!isReported) report(`waiting for topic ${topic}, which does not exist yet`)
      isReported = true
      await new Promise((resolve) => setTimeout(resolve, TOPIC_INTERVAL_MS))
    }
  } finally {
    await admin.disconnect()
  }
}

/** `orders/0@12 key=42 hello`. */
function textLine(topic: string, partition: number, { key, value, offset }: KafkaMessage): string {
  const shownKey = key === null ? '' : ` key=${textOf(key)}`
  return `${topic}/${partition}@${offset}${shownKey} ${value === null ? '(tombstone)' : textOf(value)}`
}

/** One object per record; bytes that are not UTF-8 are in base64, and a field says so. */
function jsonLine(topic: string, partition: number, message: KafkaMessage): string {
  const { key, value, offset, timestamp, headers = {} } = message
  const isBinary = [key, value].some((bytes) => bytes !== null && !isText(bytes))
  const shown = (bytes: Buffer | null): string | null =>
    bytes?.toString(isBinary ? 'base64' : 'utf8') ?? null
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestamp: Number(timestamp),
    key: shown(key),
    data: shown(value),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, bytes]) => [name, bytes?.toString() ?? null]),
    ),
    ...(isBinary && { encoding: 'base64' }),
  })
}
