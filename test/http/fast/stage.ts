/** Plays a case on a server with the fast way or on one without, and gathers all that a client and an operator can tell. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { serveEdge, type ServedEdge, type ServedEdgeOptions } from '../../support/http-edge.ts'
import type { RawClient, RawResponse } from '../../support/raw-client.ts'

type Overrides = NonNullable<Parameters<typeof serveEdge>[0]>
type Limits = NonNullable<Parameters<typeof serveEdge>[1]>

/** How one server is set up. The objects of one must not be those of the other. */
export interface Setting {
  readonly overrides?: Overrides
  readonly limits?: Limits
  readonly origin?: Omit<ServedEdgeOptions, 'isPlain'>
}

/** What a case is played on. The time stands still unless it is advanced. */
export interface Stage extends ServedEdge {
  /** That of the setting. */
  readonly overrides: Overrides
  readonly clock: FakeClock
  /** Waits for something that the server does without any more time. */
  readonly until: (isTrue: () => boolean) => Promise<void>
  /** Lets the server do all that it has to do at this time. */
  readonly quiet: () => Promise<void>
  /**
   * From now on, what the server writes on the connection that was accepted last stays in this process, as if the client
   * read nothing.
   *
   * @returns what ends this.
   */
  readonly holdReplies: () => () => void
}

/** What is seen of a case: its own findings, and what the server tells an operator. */
export interface Seen {
  readonly found: unknown
  readonly records: unknown
  readonly told: unknown
}

/** Plays a case on one server. @returns also whether a push was served on the fast way. */
export async function playOn(
  isPlain: boolean,
  set: (clock: FakeClock) => Setting,
  play: (stage: Stage) => Promise<unknown>,
): Promise<readonly [seen: Seen, isFast: boolean]> {
  const clock = new FakeClock()
  const { overrides, limits, origin } = set(clock)
  const served = await serveEdge({ clock, ...overrides }, limits, { ...origin, isPlain })
  served.log.isDebug = true
  let socket: Socket | undefined
  const note = (message: unknown): void => {
    ;({ socket } = message as { readonly socket: Socket })
  }
  subscribe('net.server.socket', note)
  onTestFinished(() => void unsubscribe('net.server.socket', note))
  const holdReplies = (): (() => void) => {
    if (socket === undefined) throw new Error('no connection was accepted')
    return holdWrites(socket)
  }
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await clock.advance(0)
  }
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 25; turn += 1) await clock.advance(0)
  }
  const found = await play({
    ...served,
    overrides: overrides ?? {},
    clock,
    until,
    quiet,
    holdReplies,
  })
  await quiet()
  const { producer, metrics, log, fastRoute } = served
  const { answers, bodies, inFlight } = metrics.requests
  const records = producer.records.map(({ topic, key, value, headers }) => {
    const [keyText, valueText] = [key, value].map((bytes) => bytes?.toString())
    return withoutNewIds([topic, keyText, valueText, headers])
  })
  // Of what ends in one turn of the event loop, the order tells nothing.
  const told = {
    pushes: sorted(metrics.pushes),
    ...{ clientErrors: sorted(metrics.clientErrors), dropped: sorted(metrics.dropped) },
    ...{ received: sorted(metrics.received), invalid: sorted(metrics.invalid) },
    ...{ limited: sorted(metrics.rateLimited), answers: sorted(answers), bodies: sorted(bodies) },
    ...{ inFlight, lines: sorted(log.lines.map(withoutId)) },
  }
  return [{ found, records, told }, fastRoute.taken > 0]
}

function holdWrites(socket: Socket): () => void {
  const held: { readonly bytes: Buffer; readonly done: () => void }[] = []
  const write = socket._write.bind(socket)
  socket._write = (chunk: string | Buffer, encoding, done) => {
    held.push({ bytes: Buffer.from(chunk as string, encoding), done })
  }
  socket._writev = (chunks, done) => {
    const parts = chunks.map(({ chunk, encoding }) => Buffer.from(chunk as string, encoding))
    held.push({ bytes: Buffer.concat(parts), done })
  }
  return () => {
    Reflect.deleteProperty(socket, '_write')
    Reflect.deleteProperty(socket, '_writev')
    for (const { bytes, done } of held) write(bytes, 'buffer' as BufferEncoding, done)
  }
}

const sorted = (values: readonly unknown[]): readonly string[] =>
  values.map((value) => JSON.stringify(value)).sort()

/** As text, without the ids of traces and spans that kprf made. */
export function withoutNewIds(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/(?!(?:a1){16})\b[\da-f]{32}\b/g, 'TRACE')
    .replaceAll(/(?!(?:b2){8})\b[\da-f]{16}\b/g, 'SPAN')
}

/** Ids that kprf makes differ from one request to the next. */
function withoutId({ level, msg, fields }: ServedEdge['log']['lines'][number]): unknown {
  const { request_id: id, error, ...others } = fields ?? {}
  const isOwn = typeof id === 'string' && id.length < 20
  return { level, msg, ...others, error: String(error), ...(isOwn && { id }) }
}

/** A reply without what differs from one to the next. */
export const replyOf = ({ status, headers, body }: RawResponse): unknown => ({
  status,
  body: body.replace(UUID, 'ID'),
  headers: [...headers].map(([name, value]) =>
    name === 'date' ? [name] : [name, value.replace(UUID, 'ID')],
  ),
})
const UUID = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g

/** All that a client got, once the server has closed its side. */
export async function all(client: RawClient): Promise<object> {
  const replies = await client.responses(Infinity)
  return { replies: replies.map(replyOf), rest: await client.closed(), code: client.errorCode }
}
