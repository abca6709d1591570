/**
 * Prints how long each of the hostile bodies blocks the event loop, in ms per step, and the sum: the scan before
 * the parser, the parser or the description of the error, the check of the records, and the size of the encoded
 * records. It also prints the processor time of the thread, which other processes do not affect. `node
 * bench/hostile/hold.ts`.
 */
import { isUtf8 } from 'node:buffer'
import { describeJsonError } from '../../src/http/json-error.ts'
import { JsonScanner } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'
import { type ParsedPush, parsePush } from '../../src/http/push/parse-push.ts'
import { HOSTILE_BODIES, type HostileBody } from './bodies.ts'

const MAX_RECORDS = 10_000
/** Number of runs, of which the fastest counts: the others compete with the collector and other processes. */
const RUNS = 12
const RULES = {
  maxRecordsPerRequest: MAX_RECORDS,
  maxTopicsPerRequest: 1_000,
  unknownFields: 'ignore',
  allowOldTimestamps: false,
  invalidRecords: 'refuse_request',
  replies: 'readme',
} as const

/** Duration of each step, ms. */
type Steps = Record<string, number>

const scanner = new JsonScanner(jsonLimits(MAX_RECORDS))

console.log('ms; the best of', RUNS, 'runs, whose sum is least')
for (const hostile of HOSTILE_BODIES) console.log(lineOf(hostile))

function lineOf(hostile: HostileBody): string {
  const body = hostile.make()
  const cpuBeforeMs = threadCpuMs()
  const runs = Array.from({ length: RUNS }, () => {
    const steps: Steps = {}
    const end = take(body, steps)
    return { steps, end, ms: sumOf(steps) }
  })
  const cpuMs = (threadCpuMs() - cpuBeforeMs) / RUNS
  const { steps, end, ms } = runs.reduce((best, run) => (run.ms < best.ms ? run : best))
  const list = Object.entries(steps).map(([step, taken]) => `${step} ${taken.toFixed(1)}`)
  const figures = `${ms.toFixed(1).padStart(7)}  cpu ${cpuMs.toFixed(1).padStart(6)}`
  return `${hostile.name.padEnd(32)} ${figures}  ${end}: ${list.join(', ')}`
}

/** Does the steps of a push, and returns its result. */
function take(body: Buffer, steps: Steps): string {
  const excess = timed(steps, 'scan', () => scanner.scan(body))
  if (excess !== undefined) return excess
  const text = timed(steps, 'decode', () => body.toString('utf8'))
  const isDoubtful = timed(steps, 'search', () => text.includes('\ufffd'))
  if (isDoubtful && !timed(steps, 'UTF-8', () => isUtf8(body))) return 'invalid UTF-8'
  const parsed = timed(steps, 'parse', () => parse(text))
  if (parsed === undefined) {
    timed(steps, 'describe', () => describeJsonError(text))
    return 'not JSON'
  }
  const push = timed(steps, 'check', () => parsePush({ bytes: body, json: parsed.json }, RULES))
  if (push.kind === 'valid') timed(steps, 'measure', () => bytesOf(push))
  return push.kind === 'refused' ? push.problem.code : push.kind
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function bytesOf({ records }: Extract<ParsedPush, { kind: 'valid' }>): number {
  let bytes = 0
  for (const { value, headers } of records) {
    bytes += typeof value === 'string' ? Buffer.byteLength(value) : (value?.length ?? 0)
    for (const header of headers) {
      bytes += Buffer.byteLength(header.key) + Buffer.byteLength(header.value ?? '')
    }
  }
  return bytes
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
