import type { Clock } from '../base/clock.ts'
import type { LiveProcess, LiveWorker } from '../base/live-sample.ts'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../base/errors.ts'
import type { ServiceReport } from '../service/service-view.ts'
import { LastAnswer } from './last-answer.ts'
import { mergeLive } from './merge-live.ts'
import type { Measurement, SeeRecords, ToPrimary, ToWorker, WorkerRequest } from './messages.ts'

/** The part of node:cluster's `Worker` that {@link WorkerProcess} uses. */
export interface Fork {
  readonly process: ForkedProcess
  isConnected(): boolean
  send(message: ToWorker, onSent: (error: Error | null) => void): boolean
  on(event: 'message', listener: (message: ToPrimary) => void): unknown
  kill(signal: string): void
}

/** The part of `ChildProcess` that it uses. */
export interface ForkedProcess {
  readonly pid?: number | undefined
  once(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown
  once(event: 'disconnect', listener: () => void): unknown
}

/** How a worker ended. */
export interface WorkerEnding {
  /** Whether it ended by itself after it was asked to. */
  readonly isOrderly: boolean
  /**
   * Accepted records that were not delivered; for a worker that died, the records in its queue at its last report,
   * and none if a write-ahead log keeps them.
   */
  readonly lost: number
  /** The same since its start. */
  readonly lostSinceStart: number
  /** Its last measurement. */
  readonly measurement: Measurement
  /** As in `exit code 1` or `SIGKILL`. */
  readonly how: string
}

/** A worker asks for what the page shows of all workers. */
export type LiveListener = (id: number, worker: WorkerProcess) => void

/** Handles a request of a worker. */
export type RequestListener = (message: WorkerRequest | SeeRecords, worker: WorkerProcess) => void

const NOTHING_MEASURED: Measurement = { metrics: [], statistics: undefined }

const NOTHING_LIVE = mergeLive([])

const NOTHING: ServiceReport = {
  bufferedRecords: 0,
  bufferedBytes: 0,
  memoryBytes: 0,
  lostRecords: 0,
  isAccepting: false,
  deliveryProblem: undefined,
}

/** What a worker is told at its start. */
export interface WorkerStart {
  readonly slot: number
  readonly workers: number
  readonly config: Config
  /** @defaultValue false */
  readonly isBrokerEmbedded?: boolean
}

/** Who hears from a worker. */
export interface WorkerListeners {
  readonly clock: Clock
  readonly onRequest: RequestListener
  /** @defaultValue it is not answered */
  readonly onLiveAsked?: LiveListener
}

/** One worker, from its fork to its end, as the primary process sees it. */
export class WorkerProcess {
  readonly slot: number
  /** Resolves to its port. Rejects if it cannot start, or ends before it has started. */
  readonly started: Promise<number>
  readonly ended: Promise<WorkerEnding>
  readonly #fork: Fork
  /** Messages to send once the worker is ready. */
  readonly #untold: ToWorker[]
  /** Whether what it has accepted outlives it. */
  readonly #isDurable: boolean
  readonly #onRequest: RequestListener
  readonly #onLiveAsked: LiveListener | undefined
  readonly #port = Promise.withResolvers<number>()
  readonly #measurement: LastAnswer<Measurement>
  readonly #live: LastAnswer<LiveProcess>
  #report = NOTHING
  #lost: { readonly inShutdown: number; readonly sinceStart: number } | undefined
  #isReady = false
  #isToldToEnd = false
  #hasEnded = false

  constructor(
    fork: Fork,
    { slot, workers, config, isBrokerEmbedded = false }: WorkerStart,
    { clock, onRequest, onLiveAsked }: WorkerListeners,
  ) {
    this.slot = slot
    this.#fork = fork
    this.#measurement = new LastAnswer(clock, NOTHING_MEASURED)
    this.#live = new LastAnswer(clock, NOTHING_LIVE)
    this.#untold = [{ kind: 'start', slot, workers, config, isBrokerEmbedded }]
    this.#isDurable = config.wal.enabled
    this.#onRequest = onRequest
    this.#onLiveAsked = onLiveAsked
    this.started = this.#port.promise
    // Not every caller waits for it.
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

  /** Its last report. */
  get report(): ServiceReport {
    return this.#report
  }

  /** Sends a message; an ended worker does not receive it. */
  tell(message: ToWorker): void {
    if (message.kind === 'stop' || message.kind === 'retire') this.#isToldToEnd = true
    if (!this.#isReady) this.#untold.push(message)
    else if (this.#fork.isConnected()) this.#fork.send(message, () => undefined)
  }

  /** Ends it without a chance to drain. */
  kill(): void {
    this.#fork.kill('SIGKILL')
  }

  /** Its current measurement, or the previous one if it does not answer in time. */
  async measure(): Promise<Measurement> {
    return await this.#measurement.ask((id) => {
      this.tell({ kind: 'measure', id })
    })
  }

  /** What the page shows of it, or what it last said if it does not answer in time. */
  async look(): Promise<LiveProcess> {
    return await this.#live.ask((id) => {
      this.tell({ kind: 'look', id })
    })
  }

  /** What it last said of itself. */
  get lastLive(): LiveProcess {
    return this.#live.last
  }

  /** Where it is on its way. */
  get state(): LiveWorker['state'] {
    if (this.#isToldToEnd) return 'retiring'
    return this.#report.isAccepting ? 'accepting' : 'starting'
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
        this.#measurement.answered(message.id, message.measurement)
        break
      case 'live':
        if (message.live) this.#live.answered(message.id, message.live)
        break
      case 'askLive':
        this.#onLiveAsked?.(message.id, this)
        break
      case 'stopped':
        this.#lost = { inShutdown: message.lost, sinceStart: message.lostRecords }
        this.#measurement.told(message.measurement)
        break
      case 'acquire':
      case 'release':
      case 'admit':
      case 'takeQuota':
      case 'enter':
      case 'leave':
      case 'beginKey':
      case 'endKey':
      case 'restoreKeys':
      case 'seeRecords':
        this.#onRequest(message, this)
    }
  }

  /** The last messages of a process can arrive after its exit; the channel closes after them. */
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
    this.#measurement.end()
    this.#live.end()
    const { bufferedRecords, lostRecords } = this.#report
    const lostWithIt = this.#isDurable ? 0 : bufferedRecords
    const { inShutdown: lost, sinceStart: lostSinceStart } = this.#lost ?? {
      inShutdown: lostWithIt,
      sinceStart: lostRecords + lostWithIt,
    }
    this.#report = NOTHING
    const isOrderly = this.#isToldToEnd && (this.#lost !== undefined || code === 0)
    return { isOrderly, lost, lostSinceStart, measurement: this.#measurement.last, how }
  }
}
