import { Cors } from '../../src/http/access/cors.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { type EdgeOverrides, type ServedEdge, serveEdge } from './http-edge.ts'

/** A request to a door. */
export interface Sent {
  /** @defaultValue POST */
  readonly method?: string
  /** Lines of the head. */
  readonly headers?: readonly string[]
  readonly body?: Buffer | string
}

/** The origin whose pages may send what they like. */
export const PAGE = 'https://app.example.com'

/** What a request is answered. */
export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly reply: object
}

/** Doors of an app on fakes. */
export interface Door {
  readonly edge: ServedEdge
  readonly send: (target: string, sent?: Sent) => Promise<Answer>
  /** The only record that such a request produces. */
  readonly recordOf: (target: string, sent?: Sent) => Promise<ProducerRecord>
}

/** Serves the doors of an app on fakes, for requests that are written by hand. */
export async function serveDoor(overrides: EdgeOverrides = {}): Promise<Door> {
  const edge = await serveEdge({
    cors: new Cors({ origins: [PAGE], allowHeaders: [], maxAgeS: 1 }),
    ...overrides,
  })
  const send: Door['send'] = async (target, { method = 'POST', headers = [], body = '' } = {}) => {
    const bytes = Buffer.from(body)
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: h', ...headers]
    const head = [...lines, `Content-Length: ${bytes.length}`, '', ''].join('\r\n')
    const client = edge.connect().write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
    const { status, headers: replied, body: text } = await client.response()
    return { status, headers: replied, reply: JSON.parse(text) as object }
  }
  const recordOf: Door['recordOf'] = async (target, sent = {}) => {
    const before = edge.producer.records.length
    const { status, reply } = await send(target, sent)
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(reply)}`)
    const [record, ...others] = edge.producer.records.slice(before)
    if (record === undefined || others.length > 0) throw new Error('not one record')
    return record
  }
  return { edge, send, recordOf }
}
