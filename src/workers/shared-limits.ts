import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import type { LimitCounters } from '../ingest/limit-counters.ts'
import { idempotencyTable, limitCounters, useLimits } from '../settings/ingest.ts'
import { totalRoom } from '../settings/kafka.ts'
import type { WorkerRequest } from './messages.ts'
import { type QueueLease, QueueQuota } from './queue-quota.ts'
import { SharedKeys } from './shared-keys.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Dependencies of {@link SharedLimits}. */
export interface SharedLimitsOptions {
  readonly config: Config
  readonly clock: Clock
  /** An idempotency key was forgotten before its time. */
  readonly onForgotten: () => void
}

/** What all workers share: the room in the queue, the rate limits, the quotas and the idempotency keys. */
export class SharedLimits {
  readonly #quota: QueueQuota
  readonly #counters: LimitCounters
  readonly #keys: SharedKeys | undefined
  readonly #leases = new Map<WorkerProcess, QueueLease>()
  /** The principals of the requests that each worker has in progress, one entry for each request. */
  readonly #inFlight = new Map<WorkerProcess, string[]>()

  constructor({ config, clock, onForgotten }: SharedLimitsOptions) {
    this.#quota = new QueueQuota(totalRoom(config))
    this.#counters = limitCounters(config, clock)
    const table = idempotencyTable(config, onForgotten)
    this.#keys = table && new SharedKeys({ table, clock, isLogged: config.wal.enabled })
  }

  /** Number of idempotency keys. */
  get keyCount(): number {
    return this.#keys?.size ?? 0
  }

  /** Applies the rate limits and quotas of a configuration from now on. */
  use(config: Config): void {
    useLimits(this.#counters, config)
  }

  /** A worker begins. */
  open(worker: WorkerProcess): void {
    const lease = this.#quota.open(() => {
      worker.tell({ kind: 'roomAgain' })
    })
    this.#leases.set(worker, lease)
    this.#inFlight.set(worker, [])
  }

  /** A worker has ended. */
  ended(worker: WorkerProcess): void {
    this.#leases.get(worker)?.close()
    this.#leases.delete(worker)
    for (const principal of this.#inFlight.get(worker) ?? []) this.#counters.leave(principal)
    this.#inFlight.delete(worker)
    this.#keys?.ended(worker)
  }

  /** The workers of the start have all started. */
  allStarted(): void {
    this.#keys?.allStarted()
  }

  /** All workers have ended. */
  close(): void {
    this.#keys?.close()
  }

  /** Answers the request of a worker. */
  answer(message: WorkerRequest, worker: WorkerProcess): void {
    switch (message.kind) {
      case 'acquire': {
        const room = this.#leases.get(worker)?.acquire(message.room) ?? message.room
        worker.tell({ kind: 'granted', room })
        break
      }
      case 'release':
        this.#leases.get(worker)?.release(message.room)
        break
      case 'admit': {
        const admission = this.#counters.admit(message.wanted)
        worker.tell({ kind: 'admitted', id: message.id, admission })
        break
      }
      case 'takeQuota': {
        const { id, principal, amount } = message
        const waitSeconds = this.#counters.take(principal, amount)
        worker.tell({ kind: 'quotaTaken', id, waitSeconds })
        break
      }
      case 'enter': {
        const { id, principal } = message
        const isAdmitted = this.#counters.enter(principal)
        if (isAdmitted) this.#inFlight.get(worker)?.push(principal)
        worker.tell({ kind: 'entered', id, isAdmitted })
        break
      }
      case 'leave': {
        const inFlight = this.#inFlight.get(worker) ?? []
        const index = inFlight.indexOf(message.principal)
        if (index === -1) break
        inFlight.splice(index, 1)
        this.#counters.leave(message.principal)
        break
      }
      case 'beginKey':
        this.#keys?.begin(worker, message.key, (state) => {
          worker.tell({ kind: 'keyAsked', id: message.id, state })
        })
        break
      case 'endKey':
        this.#keys?.end(worker, message.key, message.outcome)
        break
      case 'restoreKeys':
        this.#keys?.restore(message.slot, message.isOwn ? worker : undefined, message.keys)
    }
  }
}
