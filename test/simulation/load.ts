/** Clients that push records in a loop, each in its own way, and report everything to the ledger. */
import type {
  ProducerRecord,
  RecordBytes,
  RecordHeader,
  RecordProducer,
} from '../../src/producer/types.ts'
import type { PushedRecord } from '../support/push.ts'
import { SeededRandom } from '../support/random.ts'
import { sendAll, type RecordLimits } from '../support/send-all.ts'
import type { HttpEdge } from './http-edge.ts'
import type { Ledger } from './ledger.ts'
import type { ClientPlan } from './schedule.ts'

/** Start of the timestamps that identify records. */
const SILENT_EPOCH_MS = Date.UTC(2020)
/** Gives each client its own range of timestamps. */
const SILENT_CLIENT_SPAN_MS = 1_000_000
/** Clients name up to this partition, beyond those of some topics. */
const MAX_PARTITION = 4

/** Number of records after which a client slows down: a long outage needs no more of them. */
const MANY_RECORDS = 2_000
/** Factor of its pauses from then on. */
const SLOW_DOWN = 20

/** Dependencies of a client. */
export interface LoadDependencies {
  readonly producer: RecordProducer
  readonly http: Pick<HttpEdge, 'post'>
  readonly ledger: Ledger
  /** What records are allowed at most. */
  readonly limits: RecordLimits
  readonly isOver: () => boolean
  readonly sleep: (ms: number) => Promise<void>
}

/** Runs one client until the load ends and, if it waits for reports, all of them have arrived. */
export async function runClient(
  plan: ClientPlan,
  index: number,
  dependencies: LoadDependencies,
): Promise<void> {
  const { producer, ledger, isOver, sleep } = dependencies
  const limits = limitsOf(plan, dependencies.limits)
  const dice = new SeededRandom(plan.seed)
  let sent = 0
  const make = (id: string): ProducerRecord => {
    const uniqueMs = SILENT_EPOCH_MS + index * SILENT_CLIENT_SPAN_MS + sent
    sent += 1
    return makeRecord(dice, plan, id, isObserved(plan.mode) ? uniqueMs : undefined)
  }
  while (!isOver()) {
    const count = dice.chance(0.5) ? 1 : dice.between(1, plan.maxRecords)
    if (plan.mode === 'httpSync' || plan.mode === 'httpAsync') {
      await pushOverHttp(dependencies, plan, count, make)
    } else {
      const { reported } = await push(
        { producer, ledger, limits },
        plan.name,
        plan.mode,
        count,
        make,
      )
      if (plan.mode === 'sync') await reported
    }
    await sleep(dice.between(0, plan.maxPauseMs) * (sent > MANY_RECORDS ? SLOW_DOWN : 1))
  }
}

/** Records of different delivery timeouts share batches: those of every third client get half of the time. */
function limitsOf({ seed }: ClientPlan, limits: RecordLimits): RecordLimits {
  return seed % 3 === 0 ? { ...limits, deliveryTimeoutMs: limits.deliveryTimeoutMs / 2 } : limits
}

/**
 * Sends records in one call. Resolves when `sendAll` does.
 *
 * @returns a promise of all reports of the admitted records.
 */
export async function push(
  { producer, ledger, limits }: Pick<LoadDependencies, 'producer' | 'ledger' | 'limits'>,
  client: string,
  mode: 'sync' | 'async' | 'silent',
  count: number,
  make: (id: string) => ProducerRecord,
): Promise<{ readonly reported: Promise<unknown> }> {
  const entries = Array.from({ length: count }, () =>
    ledger.enter(client, make(ledger.nextId(client)), mode === 'silent'),
  )
  const { promise: reported, resolve } = Promise.withResolvers<undefined>()
  let outstanding = count
  const settle = (): void => {
    outstanding -= 1
    if (outstanding === 0) resolve(undefined)
  }
  let isDuringSend = true
  const sending = sendAll(
    producer,
    entries.map(({ record }) => record),
    mode === 'silent'
      ? undefined
      : (report, index) => {
          const entry = entries[index]
          if (!entry) throw new Error(`a report for record ${index} of ${count}`)
          ledger.report(entry, report, isDuringSend)
          settle()
        },
    limits,
  )
  isDuringSend = false
  const refusals = await sending
  for (const [index, entry] of entries.entries()) {
    const refusal = refusals?.[index]
    if (!refusal) continue
    ledger.refuse(entry, refusal.number)
    settle()
  }
  return { reported }
}

async function pushOverHttp(
  { http, ledger }: LoadDependencies,
  { name, mode }: ClientPlan,
  count: number,
  make: (id: string) => ProducerRecord,
): Promise<void> {
  const entries = Array.from({ length: count }, () =>
    ledger.enter(name, make(ledger.nextId(name)), true),
  )
  const records = entries.map(({ record }) => toJson(record))
  const wish = mode === 'httpSync' ? { wait_for_send: true, return_offsets: true } : {}
  const body = { records, ...wish }
  ledger.answer(entries, body, await http.post(body))
}

function toJson({
  topic,
  partition,
  key,
  value,
  headers,
  timestampMs,
}: ProducerRecord): PushedRecord {
  const isBinary = Buffer.isBuffer(key) || Buffer.isBuffer(value)
  const write = (bytes: RecordBytes | null): string | null =>
    isBinary && bytes !== null ? Buffer.from(bytes).toString('base64') : (bytes?.toString() ?? null)
  return {
    topic,
    data: write(value),
    key: write(key),
    ...(partition !== undefined && { partition }),
    ...(timestampMs !== undefined && { timestamp: timestampMs }),
    headers: Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
    encoding: isBinary ? 'base64' : 'utf8',
  }
}

/** Whether the observer reports the outcome of its records, which it identifies by their timestamps. */
function isObserved(mode: ClientPlan['mode']): boolean {
  return mode !== 'sync' && mode !== 'async'
}

function makeRecord(
  dice: SeededRandom,
  { addressing, topics, maxValueBytes, mode }: ClientPlan,
  id: string,
  timestampMs: number | undefined,
): ProducerRecord {
  const partition = addressing === 'partition' ? dice.between(0, MAX_PARTITION) : undefined
  const key = addressing === 'key' ? dice.pick(['', 'a', 'b', 'c', Buffer.from([0, 255, 7])]) : null
  const text = 'x'.repeat(dice.between(0, maxValueBytes))
  const headers: RecordHeader[] = [{ key: 'id', value: id }]
  const isHttp = mode === 'httpSync' || mode === 'httpAsync'
  // The headers of a push are strings, and its tombstones have keys.
  if (dice.chance(0.2) && !isHttp) headers.push({ key: 'bytes', value: Buffer.from([200, 0, 1]) })
  const tombstone = isHttp && key === null ? '' : null
  return {
    topic: dice.pick(topics),
    partition,
    key,
    value: dice.pick([text, text, `${text}\u00e9`, Buffer.from(text), tombstone]),
    headers,
    timestampMs: timestampMs ?? (dice.chance(0.2) ? dice.between(1, 2 ** 31) : undefined),
  }
}
