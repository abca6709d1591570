/** Several servers under the same load, in turn. */
import type { LoadPlan } from '../load/plan.ts'
import type { BenchOptions } from '../measure.ts'
import type { Broker } from '../support/broker.ts'
import { runLoad, type Run } from '../support/run.ts'
import type { Server } from '../support/server.ts'
import { spreadOf, type Spread } from '../support/statistics.ts'

const POLL_MS = 100
/** Longer than the two seconds in which the Rust kprf gives a record up. */
const QUIET_MS = 3_000

/** The runs of one server, combined. */
export interface Comparison {
  readonly runs: readonly Run[]
  readonly requestsPerSecond: Spread
  readonly cpuPerRequestUs: Spread
  readonly systemPerRequestUs: Spread
}

/** A load without the fields that the options set. */
export type Load = Pick<LoadPlan, 'bodies' | 'connections'> &
  Partial<Pick<LoadPlan, 'isConnectionPerRequest' | 'ratePerSecond'>>

/** Puts the load on each server in turn, `rounds` times. */
export async function compare(
  servers: readonly Server[],
  load: Load,
  { durationMs, warmUpMs, rounds }: BenchOptions,
): Promise<readonly Comparison[]> {
  const runs = servers.map((): Run[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      const plan = { isConnectionPerRequest: false, ratePerSecond: undefined, ...load }
      runs[index]?.push(await runLoad(server, { ...plan, durationMs, warmUpMs }))
    }
  }
  return runs.map((ofServer) => ({
    runs: ofServer,
    requestsPerSecond: spreadOf(ofServer.map(({ requestsPerSecond }) => requestsPerSecond)),
    cpuPerRequestUs: spreadOf(ofServer.map(({ cpuPerRequestUs }) => cpuPerRequestUs)),
    systemPerRequestUs: spreadOf(ofServer.map(({ systemPerRequestUs }) => systemPerRequestUs)),
  }))
}

/**
 * Waits until the brokers have every accepted record.
 *
 * @throws Error if they do not get it in time, or have more.
 */
export async function assertStored(
  broker: Broker,
  topic: string,
  expected: number,
  timeoutMs = 30_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const stored = await broker.recordCount(topic)
    if (stored === expected) return
    if (stored > expected || performance.now() > deadlineMs) {
      throw new Error(`${expected} records were accepted for ${topic}, ${stored} are stored`)
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Number of records of a topic, once it has `expected`, or got no more for three seconds. */
export async function settledCount(
  broker: Broker,
  topic: string,
  expected: number,
): Promise<number> {
  let stored = await broker.recordCount(topic)
  let grewMs = performance.now()
  while (stored < expected && performance.now() - grewMs < QUIET_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const now = await broker.recordCount(topic)
    if (now > stored) grewMs = performance.now()
    stored = now
  }
  return stored
}

/** Requests of all runs. */
export function requestsOf({ runs }: Comparison): number {
  return runs.reduce((sum, { requests }) => sum + requests, 0)
}
