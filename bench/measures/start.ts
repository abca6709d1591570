/** How long a start of kprf takes until it accepts pushes, and how much memory it has at rest, beside Node.js alone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { type Server, startIdle, startKprf } from '../support/server.ts'
import { show, spreadOf } from '../support/statistics.ts'

const STARTS_PER_ROUND = 3
const REST_MS = 2_000
const MAX_START_MS = 300
const MAX_MEMORY_MIB = 90
const KIB_PER_MIB = 1_024

export const start: Measure = async ({ rounds }) => {
  const broker = await Broker.start({})
  const emptyMs: number[] = []
  const idle = { startMs: [] as number[], memoryMib: [] as number[] }
  const kprf = { startMs: [] as number[], memoryMib: [] as number[] }
  try {
    for (let turn = 0; turn < rounds * STARTS_PER_ROUND; turn += 1) {
      emptyMs.push(await emptyProgramMs())
      await measureStart(startIdle, idle)
      await measureStart(() => startKprf(broker.bootstrap), kprf)
    }
  } finally {
    await broker.stop()
  }
  const empty = spreadOf(emptyMs)
  const [idleStart, idleMemory] = [spreadOf(idle.startMs), spreadOf(idle.memoryMib)]
  const [kprfStart, kprfMemory] = [spreadOf(kprf.startMs), spreadOf(kprf.memoryMib)]
  return [
    {
      name: 'from the start to accepting pushes',
      measured: `${show(kprfStart, 'ms', 0)}; an empty program ${show(empty, 'ms', 0)}, a bare node:http ${show(idleStart, 'ms', 0)}`,
      target: `<= ${MAX_START_MS} ms on an idle machine`,
      isReached: kprfStart.median <= MAX_START_MS,
      values: { kprfMs: kprfStart.median, emptyMs: empty.median, idleMs: idleStart.median },
    },
    {
      name: 'resident memory at rest',
      measured: `${show(kprfMemory, 'MiB')}; a bare node:http ${show(idleMemory, 'MiB')}`,
      target: `<= ${MAX_MEMORY_MIB} MiB`,
      isReached: kprfMemory.median <= MAX_MEMORY_MIB,
      values: { kprfMib: kprfMemory.median, idleMib: idleMemory.median },
    },
  ]
}

/** How long Node.js takes for a program that does nothing. */
async function emptyProgramMs(): Promise<number> {
  const startedMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0']), 'exit')
  return performance.now() - startedMs
}

/** Starts a server, adds its two figures, and stops it. */
async function measureStart(
  startServer: () => Promise<Server>,
  figures: { readonly startMs: number[]; readonly memoryMib: number[] },
): Promise<void> {
  const startedMs = performance.now()
  const server = await startServer()
  figures.startMs.push(performance.now() - startedMs)
  await sleep(REST_MS)
  figures.memoryMib.push(residentMib(server.pid ?? 0))
  await server.stop()
}

/** Resident memory of a process; NaN where there is no `/proc`. */
function residentMib(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB
  } catch {
    return NaN
  }
}
