/**
 * Requests `/livez` on its own connection, ten times a second, until its input ends: `node
 * bench/hostile/liveness-probe.ts PORT`. Prints the results as JSON.
 */
import { get } from 'node:http'

const INTERVAL_MS = 100
const TIMEOUT_MS = 10_000

/** The results of the probe. */
export interface Liveness {
  readonly probes: number
  /** Requests without a 200 within {@link TIMEOUT_MS}. */
  readonly failures: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

const port = Number(process.argv[2])
const tookMs: number[] = []
let failures = 0

function probe(): void {
  const startedMs = performance.now()
  let isOver = false
  const finish = (isAlive: boolean): void => {
    if (isOver) return
    isOver = true
    if (isAlive) tookMs.push(performance.now() - startedMs)
    else failures += 1
  }
  get({ host: '127.0.0.1', port, path: '/livez', agent: false, timeout: TIMEOUT_MS }, (reply) => {
    reply.resume().once('end', () => {
      finish(reply.statusCode === 200)
    })
  })
    .once('timeout', () => {
      finish(false)
    })
    .once('error', () => {
      finish(false)
    })
}

function quantile(fraction: number): number {
  return tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * fraction))] ?? NaN
}

const timer = setInterval(probe, INTERVAL_MS)
console.log('probing')
process.stdin.resume().once('end', () => {
  clearInterval(timer)
  setTimeout(() => {
    tookMs.sort((one, other) => one - other)
    const liveness: Liveness = {
      ...{ probes: tookMs.length + failures, failures },
      ...{ medianMs: quantile(0.5), p99Ms: quantile(0.99), maxMs: quantile(1) },
    }
    console.log(JSON.stringify(liveness))
    process.exit()
  }, 2 * INTERVAL_MS)
})
