/** Holds replies and what Kafka has against what was sent. */
import { HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'
import type { Reply } from '../balance/client.ts'
import type { FuzzRequest } from './draw-request.ts'
import { mayWrite, SECRETS, type Sender } from './world.ts'

/** One record in Kafka. */
export interface StoredRecord {
  readonly topic: string
  /** Key, value and headers. */
  readonly text: string
}

/**
 * 501 and 505 are for a request in an HTTP that kprf does not speak; every other status of this class but 503 and 504
 * would be a bug of kprf.
 */
const SERVER_STATUSES = new Set([501, 503, 504, 505])

const ERROR_CODES: ReadonlySet<unknown> = new Set(
  Object.values(HTTP_MAPPINGS).map(({ errorCode }) => errorCode),
)

const ID = /(shop|billing|reader|nobody)#([0-9a-z]+)\.([0-9a-z]+);/g

/** What is wrong with one reply by itself; nothing if that is nothing. */
export function problemsOf({ status, body, head }: Reply): readonly string[] {
  const problems: string[] = []
  if (status >= 500 && !SERVER_STATUSES.has(status)) problems.push(`status ${status}: ${body}`)
  if (!isDocumented(status, body)) problems.push(`not of a documented form: ${status} ${body}`)
  for (const secret of SECRETS) {
    if (head.includes(secret) || body.includes(secret)) problems.push('a reply has a secret')
  }
  return problems
}

/** An `OPTIONS` request, and one with `async=true`, has a reply without a body. */
function isDocumented(status: number, body: string): boolean {
  if (status === 204) return body === ''
  const parts = partsOf(body)
  return parts !== undefined && parts.length > 0 && parts.every((part) => hasForm(status, part))
}

/** The object of a reply; the receipts of a stream of them; `undefined` if it is neither. */
function partsOf(body: string): readonly object[] | undefined {
  try {
    return body
      .split('\r\n')
      .filter((text) => text !== '')
      .map((text) => {
        const part: unknown = JSON.parse(text)
        if (typeof part !== 'object' || part === null) throw new TypeError('no object')
        return part
      })
  } catch {
    return undefined
  }
}

/** Each is a member of an object that a question is answered with. */
const ANSWERS = ['partitions', 'replicas', 'brokers', 'kind', 'openapi']

/** Whether a reply has one of the forms of docs/HTTP-API.md. */
function hasForm(status: number, reply: object): boolean {
  if ('status' in reply && 'errors' in reply && Array.isArray(reply.errors)) {
    return status === 200 ? reply.status === 'ok' : reply.status !== 'ok'
  }
  // The answer to a question about topics and brokers.
  if (Array.isArray(reply) || ANSWERS.some((name) => name in reply)) return status === 200
  if ('successes' in reply) return status === 207 && 'failures' in reply
  if ('offsets' in reply) return Array.isArray(reply.offsets) && 'value_schema_id' in reply
  if (!('error_code' in reply)) return false
  // A receipt of a delivered record.
  if (reply.error_code === 200) return status === 200 && 'offset' in reply
  if (!('message' in reply)) return false
  if ('request_id' in reply) return status >= 400 && ERROR_CODES.has(reply.error_code)
  // The numbers of the Confluent REST Proxy; a receipt has one beside the status 200.
  return (
    status === 200 ||
    Math.floor(Number(reply.error_code) / 100) === status ||
    reply.error_code === status
  )
}

/** Which records a reply says are in Kafka, or on their way: by their ids. */
export function acceptedIds({ records }: FuzzRequest, { status, body }: Reply): readonly string[] {
  const parts = partsOf(body) ?? []
  const [reply] = parts
  if (reply === undefined) return []
  if ('error_code' in reply && status === 200) {
    return idsAt(records, parts, ({ error_code }) => error_code === 200)
  }
  if ('successes' in reply && Array.isArray(reply.successes)) {
    const successes = reply.successes as readonly { readonly id: string }[]
    return successes.flatMap(({ id }) => records[Number(id)]?.id ?? [])
  }
  if ('offsets' in reply)
    return idsAt(records, reply.offsets, ({ error_code }) => error_code === null)
  if (!('errors' in reply)) return []
  if (status === 200) return records.map(({ id }) => id)
  return idsAt(records, reply.errors, (element) => element.status === 'ok')
}

interface Element {
  readonly status?: string
  readonly error_code?: number | null
}

function idsAt(
  records: FuzzRequest['records'],
  elements: unknown,
  isAccepted: (element: Element) => boolean,
): readonly string[] {
  const list = elements as readonly (Element | undefined)[]
  return records.flatMap(({ id }, index) => {
    const element = list[index]
    return element !== undefined && isAccepted(element) ? [id] : []
  })
}

/** Everything that was accepted and is stored, over the whole run. */
export class FuzzLedger {
  readonly #accepted = new Set<string>()
  /** Ids of records whose bodies nobody has changed. */
  readonly #whole = new Set<string>()
  readonly #stored = new Map<string, number>()

  /** A request is about to be sent. */
  sent({ isWholeBody, isFramed, records }: FuzzRequest): void {
    if (!isWholeBody || !isFramed) return
    for (const { id } of records) this.#whole.add(id)
  }

  accepted(ids: readonly string[]): void {
    for (const id of ids) this.#accepted.add(id)
  }

  /** Number of records that are in Kafka. */
  get storedCount(): number {
    return this.#stored.size
  }

  /** A record that Kafka has. Returns what is wrong with it. */
  stored({ topic, text }: StoredRecord): string | undefined {
    const found = Array.from(text.matchAll(ID), ([id, sender, number, again]) => ({
      ...{ id, sender: sender as Sender },
      isWhole: number === again,
    }))
    const culprit = found.find(({ sender }) => !mayWrite(sender, topic))
    if (culprit) return `${culprit.id} is in ${topic}, where its sender may not write`
    if (!mayWrite('shop', topic) && !mayWrite('billing', topic)) {
      return `a record is in ${topic}, where nobody may write: ${text}`
    }
    for (const id of new Set(found.filter(({ isWhole }) => isWhole).map(({ id }) => id))) {
      const times = (this.#stored.get(id) ?? 0) + 1
      this.#stored.set(id, times)
      if (times > 1 && this.#whole.has(id)) return `${id} is stored ${times} times`
    }
    return undefined
  }

  /** What was accepted and is not in Kafka. To be asked once everything has been read. */
  missing(): readonly string[] {
    return [...this.#accepted].filter((id) => !this.#stored.has(id))
  }
}
