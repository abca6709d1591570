/**
 * The simple program: Express with its own body parser, and kafkajs's `send` for each request. Its argument is the
 * brokers.
 */
import express from 'express'
import { Kafka, logLevel } from 'kafkajs'
import type { AddressInfo } from 'node:net'

interface Push {
  readonly records: readonly { readonly topic: string; readonly data: string }[]
  readonly wait_for_send?: boolean
}

const kafka = new Kafka({ brokers: (process.argv[2] ?? '').split(','), logLevel: logLevel.NOTHING })
const producer = kafka.producer()
await producer.connect()
const app = express()
app.use(express.json({ limit: '10mb' }))
app.post('/push', async (request, response) => {
  const { records, wait_for_send: waitForSend = false } = request.body as Push
  const byTopic = new Map<string, { value: string }[]>()
  for (const { topic, data } of records) {
    const messages = byTopic.get(topic) ?? []
    byTopic.set(topic, messages)
    messages.push({ value: data })
  }
  const topicMessages = [...byTopic].map(([topic, messages]) => ({ topic, messages }))
  const sent = producer.sendBatch({ topicMessages })
  if (waitForSend) await sent
  else sent.catch(() => undefined)
  response.json({ status: 'ok', errors: [] })
})
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`)
})
