import type { Clock } from '../base/clock.ts'
import type {
  LiveCheck,
  LiveCounts,
  LiveIdentity,
  LiveSample,
  LiveSource,
} from '../base/live-sample.ts'
import { Problems } from '../telemetry/live/problems.ts'
import { mergeCounts, mergeLive, mergeProblems } from './merge-live.ts'
import type { RunningWorkers } from './running-workers.ts'
import type { WorkerEnding, WorkerProcess } from './worker-process.ts'

/** Dependencies of {@link LiveWorkers}. */
export interface LiveWorkersOptions {
  readonly identity: LiveIdentity
  readonly clock: Clock
  readonly running: RunningWorkers
  readonly checks: () => readonly LiveCheck[]
}

/** What the page shows of all workers. */
export class LiveWorkers implements LiveSource {
  readonly identity: LiveIdentity
  readonly #options: LiveWorkersOptions
  /** What ended workers last counted, so that no count goes down while somebody looks. */
  #past: LiveCounts = mergeCounts([])
  #taking: Promise<LiveSample> | undefined
  /** Of the primary itself. */
  readonly #problems: Problems

  constructor(options: LiveWorkersOptions) {
    this.identity = options.identity
    this.#options = options
    this.#problems = new Problems(
      (topic) => topic,
      () => options.clock.epochMs(),
    )
  }

  /** All who ask at the same time get the same sample. */
  take(): Promise<LiveSample> {
    this.#taking ??= this.#take().finally(() => {
      this.#taking = undefined
    })
    return this.#taking
  }

  /** Keeps the counts of a worker that has ended. */
  keep({ lastLive }: WorkerProcess): void {
    this.#past = mergeCounts([this.#past, lastLive.counts])
  }

  /** Remembers that a worker died. */
  died({ slot }: WorkerProcess, { how, lost }: Pick<WorkerEnding, 'how' | 'lost'>): void {
    const text = `worker ${slot} ended with ${how}`
    this.#problems.add({ code: 'WORKER_DIED', text, records: lost })
  }

  /** Answers a worker, which shows the page too. */
  answer(id: number, worker: WorkerProcess): void {
    this.take().then(
      (sample) => {
        worker.tell({ kind: 'liveOfAll', id, sample })
      },
      () => {
        worker.tell({ kind: 'liveOfAll', id, sample: undefined })
      },
    )
  }

  async #take(): Promise<LiveSample> {
    const { clock, running, checks } = this.#options
    const merged = mergeLive(await running.look())
    return {
      ...merged,
      counts: mergeCounts([this.#past, merged.counts]),
      atMs: clock.nowMs(),
      checks: checks(),
      problems: mergeProblems([...this.#problems.list(), ...merged.problems]),
      workers: running.all.map(({ slot, pid = 0, state, report }) => ({
        ...{ slot, pid, state },
        queuedRecords: report.bufferedRecords,
        memoryBytes: report.memoryBytes,
      })),
    }
  }
}
