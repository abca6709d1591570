/** Runs conversations with an HTTP edge of kprf, and holds each against the ledger of its producer. */
import { systemClock } from '../../src/base/clock.ts'
import { createApp } from '../../src/http/app.ts'
import { messagesOf } from '../../src/http/express-messages.ts'
import { HttpServer } from '../../src/http/http-server.ts'
import { FakeHttpLog, FakeHttpMetrics, makeIngest, MAX_BODY_BYTES } from '../support/http-edge.ts'
import { SeededRandom } from '../support/random.ts'
import { imbalances } from './balance.ts'
import { converse, type Conversation } from './client.ts'
import { LedgerProducer } from './ledger-producer.ts'
import { drawRequest } from './requests.ts'
import { EVERYBODY } from '../support/access.ts'

/** What a run showed. */
export interface BalanceResult {
  readonly requests: number
  readonly answered: number
  readonly conversations: number
  readonly statuses: ReadonlyMap<number, number>
  /** What is wrong, with the seed of its conversation. */
  readonly violations: readonly string[]
}

const AT_ONCE = 40
const VIOLATIONS_KEPT = 20

/** Sends so many requests; the conversations are drawn from seeds that follow each other. */
export async function runBalance(
  requestCount: number,
  firstSeed: number,
  onRequests: (count: number) => void = () => undefined,
): Promise<BalanceResult> {
  const producer = new LedgerProducer()
  const metrics = new FakeHttpMetrics()
  const { express: app, dialects } = createApp({
    ...{ metrics, log: new FakeHttpLog(), clock: systemClock, ingest: makeIngest(producer) },
    settings: {
      maxBodyBytes: MAX_BODY_BYTES,
      maxRecordsPerRequest: 100,
      maxCompressionRatio: 100,
      maxTopicsPerRequest: 100,
      unknownFields: 'ignore',
      allowOldTimestamps: false,
      invalidRecords: 'refuse_request',
      replies: 'readme',
    },
    authenticator: EVERYBODY,
    isDraining: () => false,
  })
  const server = new HttpServer({
    ...{ app, dialects, messages: messagesOf(app), clock: systemClock, log: new FakeHttpLog() },
  })
  await server.listen(0, '127.0.0.1')
  const { port } = server.address
  const statuses = new Map<number, number>()
  const violations: string[] = []
  const abandoned = new Set<string>()
  let requests = 0
  let answered = 0
  let conversations = 0

  const judge = (conversation: Conversation, seed: number): void => {
    requests += conversation.requests.length
    onRequests(conversation.requests.length)
    answered += conversation.replies.length
    conversations += 1
    for (const { status } of conversation.replies) {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    for (const problem of imbalances(conversation, producer.fates)) {
      const { ending } = conversation
      if (violations.length < VIOLATIONS_KEPT)
        violations.push(`seed ${seed}, ${ending}: ${problem}`)
    }
    for (const { recordIds } of conversation.requests) {
      for (const id of recordIds) {
        producer.fates.delete(id)
        // The server may get to see a request after its client has left.
        if (conversation.ending === 'aborts') abandoned.add(id)
      }
    }
    metrics.pushes.length = metrics.received.length = 0
  }
  let seed = firstSeed
  const converseOn = async (): Promise<void> => {
    while (requests < requestCount && violations.length < VIOLATIONS_KEPT) {
      const own = seed
      seed += 1
      judge(await converse(port, new SeededRandom(own), drawRequest), own)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, converseOn))
  await server.close()
  for (const [id, fates] of producer.fates) {
    if (violations.length < VIOLATIONS_KEPT && !abandoned.has(id))
      violations.push(`record ${id} is nobody's: ${fates.join()}`)
  }
  return { requests, answered, conversations, statuses, violations }
}
