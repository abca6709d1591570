/** One run of load on one server, and its cost. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { LoadPlan, LoadResult } from '../load/plan.ts'
import { cpuTimeOf, type Server } from './server.ts'

/** The result of one run. */
export interface Run extends LoadResult {
  readonly requestsPerSecond: number
  /** Microseconds of the server's processor time per request. */
  readonly cpuPerRequestUs: number
  /** How much of that the kernel took. */
  readonly systemPerRequestUs: number
}

const GENERATOR = join(import.meta.dirname, '..', 'load', 'generator.ts')
const OK_STATUS = '200'

/** Puts load on a server. @throws Error if a request gets another status than 200. */
export async function runLoad(server: Server, plan: Omit<LoadPlan, 'port'>): Promise<Run> {
  const before = cpuTimeOf(server)
  const result = await generate({ ...plan, port: server.port })
  const after = cpuTimeOf(server)
  const others = Object.keys(result.statuses).filter((status) => status !== OK_STATUS)
  if (others.length > 0) {
    throw new Error(`${server.name} answered ${JSON.stringify(result.statuses)}`)
  }
  return {
    ...result,
    requestsPerSecond: (result.measured / plan.durationMs) * 1000,
    cpuPerRequestUs: ((after.totalMs - before.totalMs) / result.requests) * 1000,
    systemPerRequestUs: ((after.systemMs - before.systemMs) / result.requests) * 1000,
  }
}

/** Puts load on a port, whatever the statuses. */
export function generate(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [GENERATOR], (error, stdout) => {
      if (error) reject(new Error('the load generator failed', { cause: error }))
      else resolve(JSON.parse(stdout) as LoadResult)
    })
    child.stdin?.end(JSON.stringify(plan))
  })
}

/** A push whose records all have this many bytes. */
export function pushBody(
  topic: string,
  { records = 1, bytes, isSync = false }: { records?: number; bytes: number; isSync?: boolean },
): string {
  const data = 'abcdefghijklmnop'.repeat(Math.ceil(bytes / 16)).slice(0, bytes)
  return JSON.stringify({
    records: Array.from({ length: records }, () => ({ topic, data })),
    ...(isSync && { wait_for_send: true }),
  })
}
