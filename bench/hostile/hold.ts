/**
 * Prints how long each of the hostile bodies, and a large usual one, blocks the event loop, in ms per step, and the sum:
 * JSON (the scan, the parser, or the description of the error), the check of the records, and their admission to the
 * queue. It also prints the processor time of the thread, which other processes affect less. `node
 * --conditions=kprf-source bench/hostile/hold.ts`.
 */
import { ProxyError } from '../../src/base/errors.ts'
import { systemClock } from '../../src/base/clock.ts'
import { JsonParser } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'
import { parsePush } from '../../src/http/push/parse-push.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { ANONYMOUS } from '../../src/base/principal.ts'
import { Producer } from '../../src/producer/producer.ts'
import { scriptArguments } from '../../scripts/arguments.ts'
import { DEFAULT_SETTINGS } from '../../test/support/default-settings.ts'
import { FakeTransport } from '../../test/support/fake-transport.ts'
import { NO_EVENTS } from '../../test/support/recording-events.ts'
import { HOSTILE_BODIES, type HostileBody, MOST_RECORDS, USUAL_BODY } from './bodies.ts'

scriptArguments('Usage: node --conditions=kprf-source bench/hostile/hold.ts', {})

/** Number of runs, of which the fastest counts: the others compete with the collector and other processes. */
const RUNS = 12
const RULES = {
  maxRecordsPerRequest: MOST_RECORDS,
  maxTopicsPerRequest: 1_000,
  unknownFields: 'ignore',
  allowOldTimestamps: false,
  invalidRecords: 'refuse_request',
  replies: 'readme',
} as const

/** Duration of each step, ms. */
type Steps = Record<string, number>

const parser = new JsonParser(jsonLimits(MOST_RECORDS))

console.log('ms; the best of', RUNS, 'runs, whose sum is least')
for (const body of [...HOSTILE_BODIES, USUAL_BODY]) console.log(await lineOf(body))

async function lineOf(hostile: HostileBody): Promise<string> {
  const body = hostile.make()
  let best: { steps: Steps; end: string; ms: number } | undefined
  let leastCpuMs = Infinity
  for (let run = 0; run < RUNS; run += 1) {
    const producer = makeProducer()
    const ingest = new Ingest({ producer, rules: [], deliveryTimeoutMs: 300_000, roomWaitMs: 0 })
    const steps: Steps = {}
    const cpuBeforeMs = threadCpuMs()
    const end = take(body, ingest, steps)
    leastCpuMs = Math.min(leastCpuMs, threadCpuMs() - cpuBeforeMs)
    const ms = sumOf(steps)
    if (best === undefined || ms < best.ms) best = { steps, end, ms }
    await producer.close()
  }
  const { steps = {}, end = '', ms = NaN } = best ?? {}
  const list = Object.entries(steps).map(([step, taken]) => `${step} ${taken.toFixed(1)}`)
  const figures = `${ms.toFixed(1).padStart(7)}  cpu ${leastCpuMs.toFixed(1).padStart(6)}`
  return `${hostile.name.padEnd(36)} ${figures}  ${end}: ${list.join(', ')}`
}

function makeProducer(): Producer {
  const transport = new FakeTransport({ t: 4 })
  transport.otherwise = () => 'hold'
  const settings = {
    ...{ ...DEFAULT_SETTINGS, messageMaxBytes: 1_048_576, lingerMs: 900_000 },
    ...{ queueMemoryMaxBytes: 2 ** 40 },
  }
  return new Producer(settings, {
    ...{ events: NO_EVENTS, clock: systemClock, random: Math.random, transport },
  })
}

/** Does the steps of a push that does not wait, and returns its result. */
function take(body: Buffer, ingest: Ingest, steps: Steps): string {
  const json = timed(steps, 'json', () => parse(body))
  if (json instanceof ProxyError) return json.code
  const push = timed(steps, 'check', () => parsePush({ bytes: body, json }, RULES))
  if (push.kind === 'refused') return push.problem.code
  if (push.kind === 'invalidRecords') return push.kind
  timed(steps, 'admit', () =>
    ingest.submit(push.records, {
      ...{ principal: ANONYMOUS, key: undefined, trace: undefined, waitsForDelivery: false },
    }),
  )
  return push.kind
}

function parse(body: Buffer): unknown {
  try {
    return parser.parse(body)
  } catch (error) {
    if (error instanceof ProxyError) return error
    throw error
  }
}

function timed<Value>(steps: Steps, step: string, work: () => Value): Value {
  const startedMs = performance.now()
  const value = work()
  steps[step] = performance.now() - startedMs
  return value
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function sumOf(steps: Steps): number {
  return Object.values(steps).reduce((sum, ms) => sum + ms, 0)
}
