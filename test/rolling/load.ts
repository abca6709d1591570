/** The clients of the rolling restarts: they send when it is time, whatever became of earlier requests, and never repeat. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../support/random.ts'

/** The topic of all records. */
export const TOPIC = 'rolling'

const MAX_DESCRIBED = 20
/** A request that finds no free connection waits for one, as in most clients. */
const MAX_CONNECTIONS = 128
/**
 * The client closes idle connections before kprf does, as clients must that repeat nothing: a request that is sent in
 * the moment in which the server closes its connection fails, whatever the server. Without a timeout of its own,
 * Node's agent ignores the one that kprf announces.
 */
const IDLE_TIMEOUT_MS = 2_000
/** An answer that takes longer is none, ms. */
const REPLY_TIMEOUT_MS = 30_000
/** Bytes of a record beside its number. */
const PADDING = 'x'.repeat(80)

/** What became of the requests since the last report. */
export interface LoadReport {
  readonly sent: number
  readonly failed: number
  /** From the time at which each was due to its reply, ms. */
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** What became of all requests. */
export interface LoadResult {
  readonly sent: number
  /** The numbers of the records that were acknowledged. */
  readonly acknowledged: readonly number[]
  readonly failed: number
  /** The first failures, a line each. */
  readonly failures: readonly string[]
}

/** Pushes records of one number each, every other with `wait_for_send`. */
export class Load {
  readonly #port: number
  readonly #random: SeededRandom
  readonly #agent = new Agent({
    ...{ keepAlive: true, timeout: IDLE_TIMEOUT_MS, maxSockets: MAX_CONNECTIONS },
  })
  readonly #acknowledged: number[] = []
  readonly #failures: string[] = []
  #failed = 0
  #next = 0
  #open = 0
  #isStopped = false
  #measureStartedMs: number | undefined
  #onAnswer: (() => void) | undefined
  #latenciesMs: number[] = []
  #reported = { sent: 0, failed: 0 }

  constructor(port: number, seed: number) {
    this.#port = port
    this.#random = new SeededRandom(seed)
  }

  /** Sends as fast as so many connections can, until {@link Load.measured}. */
  measure(connections: number): void {
    this.#measureStartedMs = performance.now()
    const sendOn = async (): Promise<void> => {
      while (this.#measureStartedMs !== undefined) await this.#send(performance.now())
    }
    for (let connection = 0; connection < connections; connection += 1) void sendOn()
  }

  /** Ends {@link Load.measure}, which was the first thing that it did. @returns requests a second. */
  measured(): number {
    const elapsedMs = performance.now() - (this.#measureStartedMs ?? 0)
    this.#measureStartedMs = undefined
    return (this.#next / elapsedMs) * 1000
  }

  /** Sends so many requests a second, at random times. @returns once {@link Load.stop} is called. */
  async run(perSecond: number): Promise<void> {
    let dueMs = performance.now()
    while (!this.#isStopped) {
      while (dueMs <= performance.now()) {
        void this.#send(dueMs)
        dueMs += (-Math.log(1 - this.#random.next()) / perSecond) * 1000
      }
      await sleep(1)
    }
  }

  /** What became of the requests since the last call. */
  report(): LoadReport {
    const sorted = Float64Array.from(this.#latenciesMs).sort()
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
    const report = {
      sent: this.#next - this.#reported.sent,
      failed: this.#failed - this.#reported.failed,
      ...{ medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) },
    }
    this.#reported = { sent: this.#next, failed: this.#failed }
    this.#latenciesMs = []
    return report
  }

  /** Sends no more, and resolves once every request is answered or has failed. */
  async stop(): Promise<LoadResult> {
    this.#isStopped = true
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#onAnswer = () => {
      if (this.#open === 0) resolve(undefined)
    }
    this.#onAnswer()
    await promise
    this.#agent.destroy()
    return {
      ...{ sent: this.#next, failed: this.#failed },
      ...{ acknowledged: this.#acknowledged, failures: this.#failures },
    }
  }

  async #send(dueMs: number): Promise<void> {
    const number = this.#next
    this.#next += 1
    this.#open += 1
    const sentMs = performance.now()
    const outcome = await this.#push(number)
    const nowMs = performance.now()
    this.#open -= 1
    this.#latenciesMs.push(nowMs - dueMs)
    if (outcome === undefined) this.#acknowledged.push(number)
    else {
      this.#failed += 1
      const after = (nowMs - sentMs).toFixed(0)
      if (this.#failures.length < MAX_DESCRIBED)
        this.#failures.push(`request ${number} failed after ${after} ms: ${outcome}`)
    }
    this.#onAnswer?.()
  }

  /** @returns the failure, if it failed. */
  #push(number: number): Promise<string | undefined> {
    const body = JSON.stringify({
      records: [{ topic: TOPIC, data: `${number} ${PADDING}` }],
      wait_for_send: number % 2 === 0,
    })
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    const sent = request({
      ...{ host: '127.0.0.1', port: this.#port, agent: this.#agent, method: 'POST' },
      path: '/push',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    })
    const fail = (error: Error): void => {
      const code = 'code' in error ? String(error.code) : error.name
      resolve(`${code} on a ${sent.reusedSocket ? 'used' : 'new'} connection: ${error.message}`)
    }
    sent.setTimeout(REPLY_TIMEOUT_MS, () => sent.destroy(new Error('no reply in time')))
    sent.on('error', fail).on('response', (response) => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('error', fail)
        .on('end', () => {
          resolve(response.statusCode === 200 ? undefined : `${response.statusCode}: ${text}`)
        })
    })
    sent.end(body)
    return promise
  }
}
