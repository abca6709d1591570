/**
 * Hands the records of the log to the producer, in order, and settles them once Kafka has them or they are dead
 * letters. The producer holds a limited part of them; the rest stays on the disk, however long Kafka is away.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import type { DeliveryError, RecordProducer } from '../producer/types.ts'
import { FeedCall, type FeedListener } from './feed-call.ts'
import { isFinal } from './final-errors.ts'
import type { Log } from './log.ts'
import { LogReader } from './log-reader.ts'
import type { Entry } from './log-types.ts'
import { type FailedRecord, TopicLane } from './topic-lane.ts'

/** Settings and dependencies of a {@link Feeder}. */
export interface FeederOptions {
  readonly log: Log
  readonly producer: RecordProducer
  readonly clock: Clock
  /** Keeps a record that Kafka refuses for good. Resolves when that is durable. */
  readonly bury: (call: FeedCall, position: number, error: DeliveryError) => Promise<void>
  /** How long a record may wait for a topic or partition that Kafka does not know, ms. */
  readonly retentionMs: number
  /** Memory of records of the log that are with the producer; a topic may have half of it. */
  readonly maxOutstandingBytes: number
}

/** Pause before the records of a topic that failed for now are sent again, ms: it doubles up to the longest. */
const MIN_RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000

/** The reading end of a log. */
export class Feeder {
  readonly #options: FeederOptions
  readonly #main: LogReader
  readonly #lanes = new Map<string, TopicLane>()
  readonly #listener: FeedListener = {
    delivered: (call, position) => {
      this.#delivered(call, position)
    },
    failed: (call, position, error) => {
      this.#failed(call, position, error)
    },
  }
  #outstandingBytes = 0
  #pumping: Promise<void> | undefined
  #isWanted = false
  #retryAtMs = Infinity
  /** Whether the main reader waits for room. */
  #isFull = false
  #cancelRetry: CancelTimer | undefined
  #isStopped = false

  constructor(options: FeederOptions) {
    this.#options = options
    this.#main = new LogReader(options.log)
    options.log.onChange(() => {
      this.#pump()
    })
  }

  /** Begins with what earlier processes left. */
  start(): void {
    this.#pump()
  }

  /** Hands over nothing more. What is with the producer may still be settled. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelRetry?.()
    await this.#pumping
  }

  #pump(): void {
    this.#isWanted = true
    if (this.#isStopped) return
    this.#pumping ??= this.#run()
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false
        for (const lane of [...this.#lanes.values()]) await this.#advance(lane)
        await this.#readOn()
      }
    } catch (error) {
      this.#options.log.observer.failed('read', error)
      this.#scheduleRetry(this.#options.clock.nowMs() + MIN_RETRY_MS)
    } finally {
      this.#pumping = undefined
    }
  }

  /** Sends what is new, as far as there is room. */
  async #readOn(): Promise<void> {
    for (;;) {
      this.#isFull = !this.#hasRoom()
      if (this.#isFull || this.#isStopped) return
      const read = this.#main.next()
      const entry = read instanceof Promise ? await read : read
      if (entry === undefined) return
      const call = new FeedCall(entry, this.#listener)
      const { segment } = entry.place
      const sent = new Set<TopicLane>()
      let left = 0
      for (const [position, { topic }] of call.records.entries()) {
        if (segment.settledBefore.has(call.indexOf(position))) continue
        left += 1
        const lane = this.#laneOf(topic)
        // All records of a topic in one push go together: what is left behind begins with a push.
        if (!sent.has(lane) && (lane.isBehind || this.#isOverShare(lane))) {
          lane.catchUp ??= new LogReader(this.#options.log, entry.place)
        } else {
          sent.add(lane)
          this.#include(lane, call, position)
        }
      }
      this.#options.log.passed(segment, left)
      if (!call.isEmpty) await this.#send(call)
    }
  }

  /** Sends what has failed or was left behind of one topic. */
  async #advance(lane: TopicLane): Promise<void> {
    if (lane.failed.length > 0) {
      if (this.#options.clock.nowMs() < lane.retryAtMs) return
      await this.#sendAgain(lane, lane.takeFailed())
    }
    while (lane.catchUp && lane.failed.length === 0 && !this.#isOverShare(lane)) {
      if (!this.#hasRoom() || this.#isStopped) return
      const entry = await this.#nextOf(lane.catchUp)
      if (entry === undefined) {
        lane.catchUp = undefined
        break
      }
      const call = new FeedCall(entry, this.#listener)
      for (const [position, { topic }] of call.records.entries()) {
        const isSettled = entry.place.segment.settledBefore.has(call.indexOf(position))
        if (topic === lane.topic && !isSettled) this.#include(lane, call, position)
      }
      if (!call.isEmpty) await this.#send(call)
    }
    if (lane.isIdle) this.#lanes.delete(lane.topic)
  }

  /** The next push before the place that the main reader has reached; `undefined` if there is none. */
  async #nextOf(reader: LogReader): Promise<Entry | undefined> {
    for (;;) {
      if (!reader.isBefore(this.#main)) return undefined
      const entry = await reader.next()
      if (entry) return entry
    }
  }

  /** Those after one that is not admitted stay behind it. */
  async #sendAgain(lane: TopicLane, failed: readonly FailedRecord[]): Promise<void> {
    for (let from = 0; from < failed.length;) {
      const entry = failed[from]?.call.entry
      const end = failed.findIndex(({ call }, index) => index > from && call.entry !== entry)
      const together = failed.slice(from, end === -1 ? undefined : end)
      from += together.length
      if (entry) await this.#sendTogether(lane, entry, together)
      if (lane.failed.length > 0) {
        lane.failed.push(...failed.slice(from))
        return
      }
    }
  }

  async #sendTogether(
    lane: TopicLane,
    entry: Entry,
    failed: readonly FailedRecord[],
  ): Promise<void> {
    const call = new FeedCall(entry, this.#listener)
    for (const { position } of failed) this.#include(lane, call, position)
    await this.#send(call)
  }

  #include(lane: TopicLane, call: FeedCall, position: number): void {
    call.include(position)
    const bytes = call.bytesOf(position)
    lane.outstandingBytes += bytes
    lane.outstandingRecords += 1
    this.#outstandingBytes += bytes
  }

  /** Waits until every record of the call is admitted, so that no later one overtakes it. */
  async #send(call: FeedCall): Promise<void> {
    this.#options.producer.sendAll(call.records, call)
    const { admission } = call
    if (admission) await admission
  }

  #delivered(call: FeedCall, position: number): void {
    const lane = this.#release(call, position)
    lane.failures = 0
    this.#settle(lane, call, position)
  }

  #failed(call: FeedCall, position: number, error: DeliveryError): void {
    if (this.#isStopped) return
    const { clock, retentionMs, bury } = this.#options
    const isOld = clock.epochMs() - call.entry.header.acceptedMs > retentionMs
    if (!isFinal(error, isOld)) {
      this.#retryLater(this.#release(call, position), { call, position })
      return
    }
    bury(call, position, error).then(
      () => {
        this.#settle(this.#release(call, position), call, position)
      },
      () => {
        this.#retryLater(this.#release(call, position), { call, position })
      },
    )
  }

  #settle(lane: TopicLane, call: FeedCall, position: number): void {
    this.#options.log.settled(call.entry.place.segment, call.indexOf(position))
    if (lane.isIdle) this.#lanes.delete(lane.topic)
    if (this.#isFull || lane.catchUp) this.#pump()
  }

  #retryLater(lane: TopicLane, record: FailedRecord): void {
    const { clock } = this.#options
    if (lane.failed.length === 0) {
      lane.failures += 1
      lane.retryAtMs = clock.nowMs() + retryDelayMs(lane.failures)
    }
    lane.failed.push(record)
    this.#scheduleRetry(lane.retryAtMs)
  }

  /** For the first of the lanes; the others are looked at then, too. */
  #scheduleRetry(atMs: number): void {
    if (atMs >= this.#retryAtMs) return
    const { clock } = this.#options
    this.#cancelRetry?.()
    this.#retryAtMs = atMs
    this.#cancelRetry = clock.schedule(Math.max(1, atMs - clock.nowMs()), () => {
      this.#retryAtMs = Infinity
      this.#pump()
      for (const { failed, retryAtMs } of this.#lanes.values()) {
        if (failed.length > 0 && retryAtMs > clock.nowMs()) this.#scheduleRetry(retryAtMs)
      }
    })
  }

  #release(call: FeedCall, position: number): TopicLane {
    const lane = this.#laneOf(call.records[position]?.topic ?? '')
    const bytes = call.bytesOf(position)
    lane.outstandingBytes -= bytes
    lane.outstandingRecords -= 1
    this.#outstandingBytes -= bytes
    return lane
  }

  #laneOf(topic: string): TopicLane {
    let lane = this.#lanes.get(topic)
    if (lane === undefined) this.#lanes.set(topic, (lane = new TopicLane(topic)))
    return lane
  }

  #hasRoom(): boolean {
    return this.#outstandingBytes < this.#options.maxOutstandingBytes
  }

  #isOverShare({ outstandingBytes }: TopicLane): boolean {
    return outstandingBytes >= this.#options.maxOutstandingBytes / 2
  }
}

function retryDelayMs(failures: number): number {
  return Math.min(MIN_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS)
}
