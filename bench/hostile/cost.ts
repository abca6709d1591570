/** Measures the cost of one kind of hostile request in a fresh kprf. */
import { peakResidentBytes, resetPeak, residentBytes } from '../support/cpu-time.ts'
import { cpuOf, startKprf, type Server } from '../support/server.ts'
import { Flood } from './flood.ts'
import { NORMAL_PUSH, sendNormal, type Shape } from './shapes.ts'

/** The bytes sent, and their cost. */
export interface Cost {
  readonly name: string
  readonly sentBytes: number
  readonly cpuMs: number
  /** Growth of resident memory to its peak, bytes. */
  readonly memoryBytes: number
  /** Nanoseconds of processor time per byte sent. */
  readonly cpuNsPerByte: number
  /** Bytes of memory per byte sent. */
  readonly memoryPerByte: number
}

/** Nobody listens here: the discard port of the loopback interface. */
const NO_BROKER = '127.0.0.1:9'
/** Enough pushes for the compiler to finish. */
const WARM_UP_PUSHES = 4_000
/** A process is idle if it used less than a tenth of this time in this time. */
const REST_MS = 250

/** Sends one kind to a fresh kprf and measures that process from outside. */
export async function costOf(shape: Shape, bytes: number, bootstrap: string): Promise<Cost> {
  const isUp = shape.kafka === 'up'
  const kprf = await startKprf(isUp ? bootstrap : NO_BROKER, { ...shape.settings })
  const { pid = 0 } = kprf
  try {
    await warmUp(kprf)
    resetPeak(pid)
    const before = { cpuMs: cpuOf(kprf), bytes: residentBytes(pid) ?? NaN }
    const flood = new Flood(kprf.port)
    await shape.send(flood, bytes)
    await atRest(kprf)
    const cpuMs = cpuOf(kprf) - before.cpuMs
    const memoryBytes = Math.max(0, (peakResidentBytes(pid) ?? NaN) - before.bytes)
    flood.end()
    const { sentBytes } = flood
    return {
      ...{ name: shape.name, sentBytes, cpuMs, memoryBytes },
      cpuNsPerByte: (cpuMs * 1e6) / sentBytes,
      memoryPerByte: memoryBytes / sentBytes,
    }
  } finally {
    await kprf.stop('SIGKILL')
  }
}

async function warmUp(kprf: Server): Promise<void> {
  const flood = new Flood(kprf.port)
  await sendNormal(flood, WARM_UP_PUSHES * NORMAL_PUSH.length)
  flood.end()
  await atRest(kprf)
}

/** Resolves once the process is idle. */
async function atRest(kprf: Server): Promise<void> {
  let beforeMs = cpuOf(kprf)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS))
    const nowMs = cpuOf(kprf)
    if (nowMs - beforeMs < REST_MS / 10) return
    beforeMs = nowMs
  }
}
