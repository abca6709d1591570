/** Records in one stream, as lines of NDJSON or by the API v3: processor time, and memory of a long one. */
import type { BenchOptions, Figure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { peakResidentBytes, residentBytes, resetPeak } from '../support/cpu-time.ts'
import { cpuOf, type Server, startKprf } from '../support/server.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { show, spreadOf } from '../support/statistics.ts'
import { streamLines } from './stream.ts'
import { streamRecords } from './stream-receipts.ts'

const LINES = 1_500_000
const TARGET_PER_SECOND = 300_000
const MIB = 1_048_576
const MAX_MEMORY_MIB = 64
const MICROSECONDS = 1_000
const LINE_BYTES = 100
const LONG_LINE_BYTES = 1_000

const FORMS = [
  ['JSON', ''],
  ['text', '?text=true'],
  ['envelope', '?envelope=true'],
] as const

/** Measures the processor time of one line of each form. */
export async function lineCosts({ rounds }: BenchOptions): Promise<readonly Figure[]> {
  const broker = await Broker.start({ t: 4 })
  const server = await startKprf(broker.bootstrap)
  try {
    const figures: Figure[] = []
    for (const [name, query] of FORMS) {
      const line = lineOf(LINE_BYTES, name)
      const costs: number[] = []
      // The first one compiles the code.
      for (let round = -1; round < rounds; round += 1) {
        const beforeMs = cpuOf(server)
        const lines = await streamLines({ port: server.port, query, line, lines: LINES })
        if (round >= 0) costs.push(((cpuOf(server) - beforeMs) / lines) * MICROSECONDS)
      }
      figures.push(figureOf(name, costs))
    }
    return figures
  } finally {
    await server.stop()
    await broker.stop()
  }
}

function figureOf(name: string, costs: readonly number[]): Figure {
  const cpu = spreadOf(costs)
  const perSecond = 1_000_000 / cpu.median
  const hasTarget = name === 'JSON'
  return {
    name: `NDJSON, lines of ${LINE_BYTES} bytes, ${name}`,
    measured: `${show(cpu, 'µs', 2)} a line: ${Math.round(perSecond / 1_000)} k a second and core`,
    target: hasTarget ? `>= ${TARGET_PER_SECOND / 1_000} k` : '',
    isReached: hasTarget ? perSecond >= TARGET_PER_SECOND : undefined,
    values: { cpuUs: cpu.median, perSecond },
  }
}

/** Measures the processor time of one record of the API v3, with its receipt. */
export async function receiptCosts({ rounds }: BenchOptions): Promise<Figure> {
  return await withServer(async ({ port }, server) => {
    const record = `{"value":{"type":"JSON","data":${lineOf(LINE_BYTES, 'JSON')}}}`
    const costs: number[] = []
    for (let round = -1; round < rounds; round += 1) {
      const beforeMs = cpuOf(server)
      const records = await streamRecords({ port, record, records: LINES / 5 })
      if (round >= 0) costs.push(((cpuOf(server) - beforeMs) / records) * MICROSECONDS)
    }
    return {
      ...figureOf('JSON', costs),
      name: 'REST v3, values of 100 bytes',
      target: '',
      isReached: undefined,
    }
  })
}

const USUAL_LOAD = {
  ...{ bodies: [pushBody('t', { bytes: LONG_LINE_BYTES })], connections: 64 },
  ...{ warmUpMs: 0, durationMs: 5_000 },
  ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
}

/**
 * Measures the memory of one stream of lines, and of one of records with receipts, as the peak over what the process has
 * after five seconds of pushes.
 *
 * @param bytes - of all lines, or of all values.
 */
export async function streamMemory(bytes: number): Promise<readonly Figure[]> {
  const line = lineOf(LONG_LINE_BYTES, 'JSON')
  const count = Math.ceil(bytes / (line.length + 1))
  const record = `{"value":{"type":"JSON","data":${line}}}`
  return [
    await memoryOf('NDJSON', bytes, (port) => streamLines({ port, query: '', line, lines: count })),
    await memoryOf('REST v3', bytes, (port) => streamRecords({ port, record, records: count })),
  ]
}

function memoryOf(
  name: string,
  bytes: number,
  stream: (port: number) => Promise<number>,
): Promise<Figure> {
  return withServer(async ({ port }, server) => {
    // V8 takes some memory once a process has anything to do, and keeps it.
    await runLoad(server, USUAL_LOAD)
    const pid = pidOf(server)
    const idleBytes = residentBytes(pid) ?? NaN
    resetPeak(pid)
    await stream(port)
    const peakMib = ((peakResidentBytes(pid) ?? NaN) - idleBytes) / MIB
    return {
      name: `${name}, memory of a stream of ${(bytes / MIB).toFixed(0)} MiB, over that of a kprf which has served pushes`,
      measured: `${peakMib.toFixed(1)} MiB (${(idleBytes / MIB).toFixed(0)} MiB before)`,
      target: `<= ${MAX_MEMORY_MIB} MiB`,
      isReached: peakMib <= MAX_MEMORY_MIB,
      values: { peakMib },
    }
  })
}

async function withServer<Result>(
  measure: (server: { readonly port: number }, whole: Server) => Promise<Result>,
): Promise<Result> {
  const broker = await Broker.start({ t: 4 })
  const server = await startKprf(broker.bootstrap)
  try {
    return await measure(server, server)
  } finally {
    await server.stop()
    await broker.stop()
  }
}

function pidOf({ pid }: Server): number {
  if (pid === undefined) throw new Error('kprf has no process')
  return pid
}

function lineOf(bytes: number, form: (typeof FORMS)[number][0]): string {
  const start = form === 'envelope' ? '{"key":"k","data":"' : '{"id":1234567,"name":"'
  return `${start}${'x'.repeat(bytes - start.length - 2)}"}`
}
