import { systemClock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../base/errors.ts'
import { invariant } from '../base/invariant.ts'
import { totalRoom } from '../settings/kafka.ts'
import { LeasedRoom, type Room, type RoomQuota } from '../producer/queue-room.ts'
import { liveIdentity } from '../service/live-view.ts'
import { Service } from '../service/service.ts'
import type { ServiceReport } from '../service/service-view.ts'
import type { BuildInfo } from '../base/build-info.ts'
import type { Channel, Measurement, ToPrimary, ToWorker } from './messages.ts'
import { chunkOf } from './queue-quota.ts'
import { WorkerKeys } from './worker-keys.ts'
import { WorkerLive } from './worker-live.ts'
import { WorkerLimits } from './worker-limits.ts'
import { WorkerRecords } from './worker-records.ts'

/** Longest interval between two reports of a worker's records, ms. */
const REPORT_INTERVAL_MS = 50

/** The worker's end of the channel. */
export type PrimaryChannel = Channel<ToWorker, ToPrimary>

/**
 * A worker process: one service that the primary process controls. The primary owns the room in the queue and the
 * rate limits, and serves metrics and health.
 */
export class Worker {
  readonly #channel: PrimaryChannel
  readonly #build: BuildInfo
  readonly #stopped = Promise.withResolvers<number>()
  readonly #limits: WorkerLimits
  readonly #keys: WorkerKeys
  readonly #records: WorkerRecords
  #answerLoan: ((room: Room) => void) | undefined
  #onRoomAgain: (() => void) | undefined
  #service: Service | undefined
  #live: WorkerLive | undefined
  #started: Promise<void> | undefined
  #lastReport: ServiceReport | undefined
  #cancelReport: (() => void) | undefined
  #isStopping = false

  constructor(channel: PrimaryChannel, build: BuildInfo) {
    this.#channel = channel
    this.#build = build
    const send = (message: ToPrimary): void => {
      channel.send(message)
    }
    this.#keys = new WorkerKeys(send)
    this.#records = new WorkerRecords(send)
    this.#limits = new WorkerLimits(send)
    channel.onMessage((message) => {
      this.#handle(message)
    })
    channel.send({ kind: 'ready' })
  }

  /** Resolves to the number of accepted records that were not delivered, once the service has stopped. */
  get stopped(): Promise<number> {
    return this.#stopped.promise
  }

  /** Drains and ends, for a reason other than a message of the primary. */
  stop(reason: string): void {
    if (this.#isStopping) return
    this.#isStopping = true
    this.#stop(reason).then(this.#stopped.resolve, this.#stopped.reject)
  }

  /** Logs a bug, drains and ends. */
  stopAfterBug(error: unknown): void {
    this.#service?.logger.error('a bug in kprf; stopping', { error })
    this.stop('bug')
  }

  #handle(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        this.#started = this.#start(message)
        break
      case 'stop':
        this.stop(message.reason)
        break
      case 'retire':
        void this.#service?.retire().then(() => {
          this.stop('retired')
        })
        break
      case 'abort':
        void this.#service?.abort()
        break
      case 'reopenLog':
        this.#service?.reopenLog()
        break
      case 'use':
        this.#service?.use(message.config)
        break
      case 'granted':
        this.#answerLoan?.(message.room)
        break
      case 'roomAgain':
        this.#onRoomAgain?.()
        break
      case 'admitted':
        this.#limits.admissions.answered(message.id, message.admission)
        break
      case 'quotaTaken':
        this.#limits.quotas.answered(message.id, message.waitSeconds)
        break
      case 'entered':
        this.#limits.entries.answered(message.id, message.isAdmitted)
        break
      case 'keyAsked':
        this.#keys.answered(message.id, message.state)
        break
      case 'recordsSeen':
        this.#records.answered(message.id, message.seen)
        break
      case 'measure':
        void this.#measure(message.id)
        break
      case 'look':
        this.#channel.send({ kind: 'live', id: message.id, live: this.#service?.live() })
        break
      case 'liveOfAll':
        this.#live?.answered(message.id, message.sample)
    }
  }

  async #start(message: ToWorker & { kind: 'start' }): Promise<void> {
    const { slot, workers, config, isBrokerEmbedded } = message
    try {
      const identity = liveIdentity(config, this.#build, isBrokerEmbedded)
      const live = new WorkerLive(identity, (question) => {
        this.#channel.send(question)
      })
      this.#live = live
      const room = new LeasedRoom(this.#quota(config, workers))
      this.#service = new Service({
        ...{ config, clock: systemClock, random: Math.random, build: this.#build },
        records: isBrokerEmbedded ? this.#records : undefined,
        share: { slot, workers, room, live, keys: this.#keys, limits: this.#limits },
      })
      const { httpPort } = await this.#service.start()
      this.#channel.send({ kind: 'started', httpPort })
      this.#report()
    } catch (error) {
      if (!(error instanceof ProxyError && error.code === 'CONFIG_INVALID')) throw error
      this.#channel.send({ kind: 'refused', message: error.message })
      this.#isStopping = true
      this.#stopped.resolve(0)
    }
  }

  async #stop(reason: string): Promise<number> {
    await this.#started
    const service = this.#service
    if (!service) return 0
    const lost = await service.stop(reason)
    this.#cancelReport?.()
    const { lostRecords } = service.report()
    const measurement = await measurementOf(service)
    this.#channel.send({ kind: 'stopped', lost, lostRecords, measurement })
    return lost
  }

  #report(): void {
    invariant(this.#service !== undefined, 'the service runs')
    const report = this.#service.report()
    if (!isSame(report, this.#lastReport)) this.#channel.send({ kind: 'report', report })
    this.#lastReport = report
    this.#cancelReport = systemClock.schedule(REPORT_INTERVAL_MS, () => {
      this.#report()
    })
  }

  async #measure(id: number): Promise<void> {
    this.#channel.send({ kind: 'measured', id, measurement: await measurementOf(this.#service) })
  }

  #quota(config: Config, workers: number): RoomQuota {
    const total = totalRoom(config)
    return {
      total,
      chunk: chunkOf(total, workers),
      acquire: (room) => {
        const { promise, resolve } = Promise.withResolvers<Room>()
        this.#answerLoan = resolve
        this.#channel.send({ kind: 'acquire', room })
        return promise
      },
      release: (room) => {
        this.#channel.send({ kind: 'release', room })
      },
      onRoomAgain: (listener) => {
        this.#onRoomAgain = listener
      },
    }
  }
}

async function measurementOf(service: Service | undefined): Promise<Measurement> {
  const { metrics, statistics } = service?.telemetry ?? {}
  return { metrics: (await metrics?.take()) ?? [], statistics: await statistics?.take() }
}

function isSame(report: ServiceReport, other: ServiceReport | undefined): boolean {
  return (
    report.bufferedRecords === other?.bufferedRecords &&
    report.bufferedBytes === other.bufferedBytes &&
    report.memoryBytes === other.memoryBytes &&
    report.lostRecords === other.lostRecords &&
    report.isAccepting === other.isAccepting &&
    report.deliveryProblem === other.deliveryProblem
  )
}
