import type { LiveProcess } from '../base/live-sample.ts'
import type { Room } from '../producer/queue-room.ts'
import type { Measurement, ToWorker } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

/** All workers that have not ended, including retiring ones. */
export class RunningWorkers {
  readonly #workers = new Set<WorkerProcess>()

  add(worker: WorkerProcess): void {
    this.#workers.add(worker)
  }

  delete(worker: WorkerProcess): void {
    this.#workers.delete(worker)
  }

  /** All of them, by slot. */
  get all(): readonly WorkerProcess[] {
    return [...this.#workers].toSorted((one, other) => one.slot - other.slot)
  }

  /** Those that accept pushes. */
  get accepting(): readonly WorkerProcess[] {
    return [...this.#workers].filter(({ report }) => report.isAccepting)
  }

  /** What is in their queues. */
  get buffered(): Room {
    let records = 0
    let bytes = 0
    for (const { report } of this.#workers) {
      records += report.bufferedRecords
      bytes += report.bufferedBytes
    }
    return { records, bytes }
  }

  /** The memory of their queues, in bytes. */
  get memoryBytes(): number {
    return [...this.#workers].reduce((sum, { report }) => sum + report.memoryBytes, 0)
  }

  tell(message: ToWorker): void {
    for (const worker of this.#workers) worker.tell(message)
  }

  kill(): void {
    for (const worker of this.#workers) worker.kill()
  }

  /** Resolves to their ports once all have started. Rejects if one cannot start. */
  async started(): Promise<readonly number[]> {
    return await Promise.all([...this.#workers].map(({ started }) => started))
  }

  /** Resolves once all have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#workers].map(({ ended }) => ended))
  }

  /** What the page shows of each. */
  async look(): Promise<readonly LiveProcess[]> {
    const workers = [...this.#workers]
    const seen = await Promise.all(workers.map((worker) => worker.look()))
    // As below: what an ended worker counted is kept.
    await Promise.all(workers.filter(({ hasEnded }) => hasEnded).map(({ ended }) => ended))
    return seen.filter((_, index) => workers[index]?.hasEnded === false)
  }

  /** Their measurements. */
  async measure(): Promise<readonly Measurement[]> {
    const workers = [...this.#workers]
    const measured = await Promise.all(workers.map((worker) => worker.measure()))
    // The counts of a worker that ended in the meantime are already kept, and must not be counted twice.
    await Promise.all(workers.filter(({ hasEnded }) => hasEnded).map(({ ended }) => ended))
    return measured.filter((_, index) => workers[index]?.hasEnded === false)
  }
}
