/** Puts load on a server from a separate process, which reads its plan as JSON and prints the result as JSON. */
import { text } from 'node:stream/consumers'
import { createHistogram } from 'node:perf_hooks'
import { HttpConnection } from './connection.ts'
import type { LoadPlan, LoadResult } from './plan.ts'

const NS_PER_MS = 1_000_000
const TICK_MS = 1
/** Time for the last replies, ms. */
const LAST_REPLIES_MS = 15_000

class Generator {
  readonly #plan: LoadPlan
  readonly #requests: readonly Buffer[]
  readonly #latencies = createHistogram()
  readonly #statuses = new Map<number, number>()
  readonly #begun = new Map<HttpConnection, number>()
  readonly #idle: HttpConnection[]
  readonly #measureFromMs: number
  readonly #endMs: number
  #measured = 0
  #sent = 0
  #onIdle: (() => void) | undefined

  constructor(plan: LoadPlan) {
    this.#plan = plan
    const lines = [
      ...(plan.headers ?? []),
      ...(plan.isConnectionPerRequest ? ['Connection: close'] : []),
    ]
    const further = lines.map((line) => `${line}\r\n`).join('')
    this.#requests = plan.bodies.map((body) =>
      Buffer.from(
        `POST ${plan.target ?? '/push'} HTTP/1.1\r\nHost: 127.0.0.1:${plan.port}\r\nContent-Type: application/json\r\n` +
          `${further}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      ),
    )
    const startedMs = performance.now()
    this.#measureFromMs = startedMs + plan.warmUpMs
    this.#endMs = this.#measureFromMs + plan.durationMs
    this.#idle = Array.from(
      { length: plan.connections },
      () =>
        new HttpConnection(plan.port, (status, connection) => {
          this.#answered(status, connection)
        }),
    )
  }

  async run(): Promise<LoadResult> {
    if (this.#plan.ratePerSecond === undefined) {
      for (const connection of this.#idle.splice(0)) this.#send(connection, performance.now())
    } else {
      await this.#sendAtRate(this.#plan.ratePerSecond)
    }
    await this.#allAnswered()
    const quantile = (percent: number): number => this.#latencies.percentile(percent) / NS_PER_MS
    return {
      requests: this.#sent,
      measured: this.#measured,
      statuses: Object.fromEntries(this.#statuses),
      latencyMs: {
        p50: quantile(50),
        p99: quantile(99),
        p999: quantile(99.9),
        max: this.#latencies.max / NS_PER_MS,
      },
    }
  }

  /** Open loop: the latency of a late request counts from the time when it was due. */
  async #sendAtRate(ratePerSecond: number): Promise<void> {
    const startedMs = performance.now()
    const due: number[] = []
    let scheduled = 0
    while (performance.now() < this.#endMs) {
      const nowMs = performance.now()
      for (; scheduled < ((nowMs - startedMs) * ratePerSecond) / 1000; scheduled += 1) {
        due.push(startedMs + (scheduled * 1000) / ratePerSecond)
      }
      while (due.length > 0 && this.#idle.length > 0) {
        const connection = this.#idle.pop()
        if (connection) this.#send(connection, due.shift() ?? nowMs)
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }

  #send(connection: HttpConnection, beganMs: number): void {
    this.#begun.set(connection, beganMs)
    const request = this.#requests[this.#sent % this.#requests.length]
    this.#sent += 1
    if (request) connection.send(request)
  }

  #answered(status: number, connection: HttpConnection): void {
    const nowMs = performance.now()
    const beganMs = this.#begun.get(connection) ?? nowMs
    this.#begun.delete(connection)
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (nowMs >= this.#measureFromMs && nowMs < this.#endMs) {
      this.#measured += 1
      this.#latencies.record(Math.max(1, Math.round((nowMs - beganMs) * NS_PER_MS)))
    }
    if (this.#plan.isConnectionPerRequest || status === 0) connection.close()
    const isClosedLoop = this.#plan.ratePerSecond === undefined
    if (isClosedLoop && nowMs < this.#endMs) this.#send(connection, nowMs)
    else this.#idle.push(connection)
    if (this.#begun.size === 0) this.#onIdle?.()
  }

  async #allAnswered(): Promise<void> {
    const leftMs = Math.max(0, this.#endMs - performance.now())
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs + LAST_REPLIES_MS)
      const finish = (): void => {
        if (performance.now() < this.#endMs || this.#begun.size > 0) return
        clearTimeout(timer)
        resolve()
      }
      this.#onIdle = finish
      setTimeout(finish, leftMs + TICK_MS)
    })
  }
}

const result = await new Generator(JSON.parse(await text(process.stdin)) as LoadPlan).run()
console.log(JSON.stringify(result))
process.exit()
