/**
 * Handles `GET /page/records`: tells a page of the embedded broker what topics there are, and which records arrive, as
 * server-sent events.
 *
 * It looks several times a second instead of waiting for each record, so that a page costs the same however much
 * arrives. A client that reads slowly misses records: nothing is kept for it.
 */
import type { Clock } from '../../base/clock.ts'
import { ProxyError } from '../../base/errors.ts'
import type { RecordsSource, SeenRecords } from '../../base/seen-records.ts'
import type { Permissions } from '../../ingest/permissions.ts'
import { EVENT_STREAM_TYPE, eventOf } from '../../page/live/server-sent-events.ts'
import { PLAIN } from '../edge/dialect.ts'
import type { BodilessRoute, NodeCall } from '../edge/route.ts'
import { OK_STATUS } from '../error-mapper.ts'
import { Problem } from '../push/problem.ts'
import { parseQuery, queryOf, valuesOf } from '../query.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { StreamedReply } from '../streamed-reply.ts'
import { assertOwnHost } from './own-host.ts'

/** Where the page reads records. */
const RECORDS_PATH = '/page/records'

/** Pages that this process serves at once. */
export const MAX_VIEWERS = 16
/** Pause between two looks, ms. */
export const LOOK_INTERVAL_MS = 200
/** Looks without news, after which a line shows whether the client is still there: 2 s. */
const QUIET_LOOKS = 10
/** Topics that a page lists. */
export const MAX_TOPICS = 200

const PARAMETERS: ReadonlySet<string> = new Set(['topic'])
/** A line without a meaning: writing it shows whether the client is still there. */
const SIGN_OF_LIFE = ':\n\n'

/** Dependencies of a {@link PageRecordsEndpoint}. */
export interface PageRecordsEndpointOptions {
  readonly source: RecordsSource
  /** The current ones: who may describe a topic sees its records. */
  readonly permissions: () => Pick<Permissions, 'mayDescribe'>
  /** Whether `http.hosts` says which hosts requests may be for. */
  readonly hasHosts: boolean
  readonly replyRoom: ReplyRoom
  readonly clock: Clock
}

/** The route. */
export class PageRecordsEndpoint implements BodilessRoute {
  readonly name = 'records of the page'
  readonly method = 'GET'
  readonly path = RECORDS_PATH
  readonly isNamed = false
  readonly access = 'describe'
  readonly dialect = PLAIN
  readonly body = 'none'
  readonly #options: PageRecordsEndpointOptions
  #viewers = 0

  constructor(options: PageRecordsEndpointOptions) {
    this.#options = options
  }

  checkHead(call: NodeCall): void {
    assertOwnHost(call, this.#options.hasHosts)
  }

  async answer(call: NodeCall): Promise<number> {
    const { request, response, requestId } = call
    const topic = topicOf(request.url)
    if (this.#viewers >= MAX_VIEWERS) {
      throw new ProxyError(
        'OVERLOADED',
        `${MAX_VIEWERS} pages show records already: close one of them, then load this one again`,
      )
    }
    const { replyRoom: room } = this.#options
    const reply = new StreamedReply(response, requestId, { contentType: EVENT_STREAM_TYPE, room })
    if (request.method === 'HEAD') {
      reply.end()
      return OK_STATUS
    }
    this.#viewers += 1
    try {
      await this.#show(call, topic, reply)
    } finally {
      this.#viewers -= 1
    }
    reply.end()
    return OK_STATUS
  }

  /** Writes what is new until the client leaves or the server stops. */
  async #show(
    { principal }: NodeCall,
    topic: string | undefined,
    reply: StreamedReply,
  ): Promise<void> {
    const { source, permissions, clock } = this.#options
    const { signal } = reply
    let position = 0
    let isFilled = false
    let lastTopics = ''
    let quietLooks = 0
    await reply.write(eventOf('begin', { topic: topic ?? null }))
    while (!signal.aborted) {
      const seen = await source.look(topic, position)
      const isVisible = (name: string): boolean => permissions().mayDescribe(principal.name, name)
      position = seen.position
      const topics = eventOf('topics', listOf(seen, isVisible))
      const records = seen.records.filter((record) => isVisible(record.topic))
      quietLooks += 1
      if (topics !== lastTopics || records.length > 0) quietLooks = 0
      if (topics !== lastTopics) await reply.write(topics)
      lastTopics = topics
      for (const record of records) await reply.write(eventOf('record', record))
      // What follows arrives while somebody looks.
      if (!isFilled) await reply.write(eventOf('filled', {}))
      isFilled = true
      if (quietLooks === QUIET_LOOKS) {
        quietLooks = 0
        await reply.write(SIGN_OF_LIFE)
      }
      await pause(clock, LOOK_INTERVAL_MS, signal)
    }
  }
}

/** The topics that a client may know of, by name, and how many are left out because they are too many. */
function listOf({ topics }: SeenRecords, isVisible: (name: string) => boolean): object {
  const visible = topics
    .filter(({ name }) => isVisible(name))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
  return { topics: visible.slice(0, MAX_TOPICS), more: Math.max(0, visible.length - MAX_TOPICS) }
}

/** The topic of the query; `undefined` for all. */
function topicOf(url: string | undefined): string | undefined {
  const pairs = parseQuery(queryOf(url))
  const values = pairs instanceof Problem ? pairs : valuesOf(pairs, PARAMETERS)
  if (values instanceof Problem) throw new ProxyError(values.code, values.message)
  const topic = values.get('topic')
  return topic === '' ? undefined : topic
}

/** Waits, but no longer than until the signal aborts. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancelTimer()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancelTimer = clock.schedule(delayMs, end)
    signal.addEventListener('abort', end)
  })
}
