import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../base/errors.ts'
import type { ServiceReport } from '../service/service-view.ts'
import type { Measurement, ToPrimary, ToWorker, WorkerRequest } from './messages.ts'

/** What a worker process is to {@link WorkerProcess}: node:cluster's `Worker`. */
export interface Fork {
  readonly process: ForkedProcess
  isConnected(): boolean
  send(message: ToWorker, onSent: (error: Error | null) => void): boolean
  on(event: 'message', listener: (message: ToPrimary) => void): unknown
  kill(signal: string): void
}

/** What of a `ChildProcess` is of interest. */
export interface ForkedProcess {
  readonly pid?: number | undefined
  once(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown
  once(event: 'disconnect', listener: () => void): unknown
}

/** How a worker ended. */
export interface WorkerEnding {
  /** Whether it was told to end, and did so by itself. */
  readonly isOrderly: boolean
  /** Accepted records that were not delivered; of a worker that died, those in its queue at its last report. */
  readonly lost: number
  /** The last that was measured of it. */
  readonly measurement: Measurement
  /** As in `exit code 1` or `SIGKILL`. */
  readonly how: string
}

/** Handles what a worker asks of the primary. */
export type RequestListener = (message: WorkerRequest, worker: WorkerProcess) => void

/** How long a scrape waits for what one worker measured before it takes that of the scrape before. */
const MEASURE_TIMEOUT_MS = 1_000

const NOTHING_MEASURED: Measurement = { metrics: [], statistics: undefined }

const NOTHING: ServiceReport = {
  bufferedRecords: 0,
  bufferedBytes: 0,
  memoryBytes: 0,
  isAccepting: false,
  kafkaProblem: undefined,
}

/** One worker as the primary process sees it, from its fork to its end. */
export class WorkerProcess {
  readonly slot: number
  /** Resolves to its port. Rejects when it cannot start, or ends before it has. */
  readonly started: Promise<number>
  readonly ended: Promise<WorkerEnding>
  readonly #fork: Fork
  readonly #clock: Clock
  /** What it is told once it listens. */
  readonly #untold: ToWorker[]
  readonly #onRequest: RequestListener
  readonly #port = Promise.withResolvers<number>()
  readonly #measurements = new Map<number, (measurement: Measurement) => void>()
  #report = NOTHING
  #measurement = NOTHING_MEASURED
  #lost: number | undefined
  #isReady = false
  #isToldToEnd = false
  #hasEnded = false
  #nextMeasurement = 0

  constructor(
    fork: Fork,
    { slot, workers, config }: { slot: number; workers: number; config: Config },
    { clock, onRequest }: { clock: Clock; onRequest: RequestListener },
  ) {
    this.slot = slot
    this.#fork = fork
    this.#clock = clock
    this.#untold = [{ kind: 'start', slot, workers, config }]
    this.#onRequest = onRequest
    this.started = this.#port.promise
    // Not everyone who forks waits for it.
    this.started.catch(() => undefined)
    this.ended = this.#end()
    fork.on('message', (message) => {
      this.#handle(message)
    })
  }

  get pid(): number | undefined {
    return this.#fork.process.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What it last said of itself. */
  get report(): ServiceReport {
    return this.#report
  }

  /** Tells it something. One that is gone does not hear it. */
  tell(message: ToWorker): void {
    if (message.kind === 'stop' || message.kind === 'retire') this.#isToldToEnd = true
    if (!this.#isReady) this.#untold.push(message)
    else if (this.#fork.isConnected()) this.#fork.send(message, () => undefined)
  }

  /** Ends it without a chance to drain. */
  kill(): void {
    this.#fork.kill('SIGKILL')
  }

  /** What it measures now, or did the last time when it does not answer in time. */
  async measure(): Promise<Measurement> {
    const id = this.#nextMeasurement
    this.#nextMeasurement += 1
    const { promise, resolve } = Promise.withResolvers<Measurement>()
    this.#measurements.set(id, resolve)
    const cancelTimer = this.#clock.schedule(MEASURE_TIMEOUT_MS, () => {
      resolve(this.#measurement)
    })
    this.tell({ kind: 'measure', id })
    try {
      this.#measurement = await promise
      return this.#measurement
    } finally {
      cancelTimer()
      this.#measurements.delete(id)
    }
  }

  #handle(message: ToPrimary): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true
        for (const untold of this.#untold) this.tell(untold)
        break
      case 'started':
        this.#port.resolve(message.httpPort)
        break
      case 'refused':
        this.#port.reject(new ProxyError('CONFIG_INVALID', message.message))
        break
      case 'report':
        this.#report = message.report
        break
      case 'measured':
        this.#measurements.get(message.id)?.(message.measurement)
        break
      case 'stopped':
        this.#lost = message.lost
        this.#measurement = message.measurement
        break
      case 'acquire':
      case 'release':
      case 'admit':
        this.#onRequest(message, this)
    }
  }

  /** The last messages of a process can come after its end: the channel closes behind them. */
  async #end(): Promise<WorkerEnding> {
    const { process } = this.#fork
    const exited = new Promise<{ code: number | null; how: string }>((resolve) => {
      process.once('exit', (code, signal) => {
        resolve({ code, how: signal ?? `exit code ${code}` })
      })
    })
    await new Promise<void>((resolve) => {
      process.once('disconnect', resolve)
    })
    const { code, how } = await exited
    this.#hasEnded = true
    this.#port.reject(new Error(`worker ${this.slot} ended with ${how} before it had started`))
    for (const resolve of this.#measurements.values()) resolve(this.#measurement)
    const lost = this.#lost ?? this.#report.bufferedRecords
    this.#report = NOTHING
    const isOrderly = this.#isToldToEnd && (this.#lost !== undefined || code === 0)
    return { isOrderly, lost, measurement: this.#measurement, how }
  }
}
