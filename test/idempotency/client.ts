/** A client that often cuts its connection, and repeats its push under the same key until it has an answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, type RawResponse } from '../support/raw-client.ts'
import type { SeededRandom } from '../support/random.ts'

/** How a push ended: with `unknown`, Kafka may have it. */
export type PushEnd = 'stored' | 'unknown'

/** What became of the attempts of all clients. */
export interface Attempts {
  /** Cut before the body was whole. */
  cutEarly: number
  /** Cut behind the body, before there was a reply. */
  cutLate: number
  /** Without a reply for another reason: kprf was killed. */
  lost: number
  /** Answered with what the first got. */
  replayed: number
  /** Answered 409. */
  inUse: number
  /** Answered that nothing is stored. */
  refused: number
}

const RETRY_MS = 20
const MAX_CUT_MS = 8

/** Pushes, and repeats until there is an answer that says what became of the records. */
export async function pushUntilAnswered(
  portOf: () => number,
  request: Buffer,
  random: SeededRandom,
  attempts: Attempts,
): Promise<PushEnd> {
  for (;;) {
    const reply = await attempt(portOf(), request, random, attempts)
    if (reply === undefined) continue
    const { status, headers, body } = reply
    if (headers.get('idempotency-replayed') === 'true') attempts.replayed += 1
    if (status === 200) return 'stored'
    if (status === 504) return 'unknown'
    if (status === 409) attempts.inUse += 1
    else if (status === 503) attempts.refused += 1
    else throw new Error(`answered ${status}: ${body}`)
    await sleep(RETRY_MS)
  }
}

/** @returns the reply; `undefined` if the connection was cut. */
async function attempt(
  port: number,
  request: Buffer,
  random: SeededRandom,
  attempts: Attempts,
): Promise<RawResponse | undefined> {
  const client = new RawClient(port)
  try {
    const how = random.pick(['wait', 'cutEarly', 'cutLate', 'cutLate'] as const)
    if (how === 'cutEarly') {
      client.write(request.subarray(0, random.below(request.length)))
      await sleep(random.below(MAX_CUT_MS))
      if (client.isOver) return await lost(attempts)
      cut(client, random)
      attempts.cutEarly += 1
      return undefined
    }
    client.write(request)
    if (how === 'wait') return await replyTo(client, attempts)
    const isOver = await Promise.race([
      client.response().then(
        () => true,
        () => true,
      ),
      sleep(random.next() * MAX_CUT_MS).then(() => false),
    ])
    // One that was cut when the reply was there has not seen it, either.
    if (!isOver) attempts.cutLate += 1
    cut(client, random)
    return undefined
  } finally {
    client.destroy()
  }
}

async function replyTo(client: RawClient, attempts: Attempts): Promise<RawResponse | undefined> {
  try {
    return await client.response()
  } catch {
    return lost(attempts)
  }
}

/** kprf was killed, or is not there yet. */
async function lost(attempts: Attempts): Promise<RawResponse | undefined> {
  attempts.lost += 1
  await sleep(RETRY_MS)
  return undefined
}

/** Some connections are reset, others closed. */
function cut(client: RawClient, random: SeededRandom): void {
  if (random.chance(0.5)) client.abort()
  else client.destroy()
}
