/**
 * Hands the records of the log to the producer, in order, and settles them once Kafka has them or they are dead
 * letters. The producer holds a limited part of them; the rest stays on the disk, however long Kafka is away.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { DeliveryError, ProducerRecord, RecordProducer } from '../producer/types.ts'
import { FeedCall, type FeedListener } from './feed-call.ts'
import { isFinal } from './final-errors.ts'
import { frameBytes } from './frame.ts'
import type { Log } from './log.ts'
import { LogReader } from './log-reader.ts'
import type { Entry, LoggedPush } from './log-types.ts'
import { PushReader } from './push-reader.ts'
import { readRecords } from './records.ts'
import { type FailedPush, TopicLane } from './topic-lane.ts'

/** Settings and dependencies of a {@link Feeder}. */
export interface FeederOptions {
  readonly log: Log
  readonly producer: RecordProducer
  readonly clock: Clock
  /** Keeps a record that Kafka refuses for good. Resolves when that is durable. */
  readonly bury: (
    push: LoggedPush,
    position: number,
    record: ProducerRecord,
    error: DeliveryError,
  ) => Promise<void>
  /** How long a record may wait for a topic or partition that Kafka does not know, ms. */
  readonly retentionMs: number
  /** Memory of records of the log that are with the producer; a topic may have half of it. */
  readonly maxOutstandingBytes: number
}

/** Pause after a file could not be read, ms. */
const READ_RETRY_MS = 1_000

/** The reading end of a log. */
export class Feeder {
  readonly #options: FeederOptions
  readonly #main: LogReader
  readonly #again: PushReader
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
  /** Ends the pause after a read that failed; `undefined` if there is none. */
  #cancelPause: CancelTimer | undefined
  #isStopped = false

  constructor(options: FeederOptions) {
    this.#options = options
    this.#main = new LogReader(options.log)
    this.#again = new PushReader(options.log.storage)
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
    this.#cancelPause?.()
    await this.#pumping
  }

  #pump(): void {
    this.#isWanted = true
    if (this.#isStopped || this.#cancelPause) return
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
      this.#pause()
    } finally {
      this.#pumping = undefined
    }
  }

  /** Whatever happens meanwhile: a disk that cannot read needs time, and each try of it counts. */
  #pause(): void {
    if (this.#isStopped) return
    this.#cancelPause = this.#options.clock.schedule(READ_RETRY_MS, () => {
      this.#cancelPause = undefined
      this.#pump()
    })
  }

  /** Sends what is new, as far as there is room. */
  async #readOn(): Promise<void> {
    for (;;) {
      this.#isFull = !this.#hasRoom()
      if (this.#isFull || this.#isStopped) return
      const read = this.#main.next()
      const entry = read instanceof Promise ? await read : read
      if (entry === undefined) return
      const call = this.#callOf(entry)
      let left = 0
      for (const [position, { topic }] of call.records.entries()) {
        if (wasSettledBefore(entry, position)) continue
        left += 1
        const lane = this.#laneOf(topic)
        // All records of a topic in one push go together: what is left behind begins with a push.
        if (lane.latest !== call.push && (lane.isBehind || this.#isOverShare(lane))) {
          lane.catchUp ??= new LogReader(this.#options.log, entry.place)
        } else {
          lane.latest = call.push
          this.#include(lane, call, position)
        }
      }
      this.#options.log.passed(entry, left)
      if (!call.isEmpty) await this.#send(call)
    }
  }

  /** Sends what has failed or was left behind of one topic. */
  async #advance(lane: TopicLane): Promise<void> {
    if (lane.hasFailed) {
      if (this.#options.clock.nowMs() < lane.retryAtMs) return
      await this.#sendFailed(lane)
    }
    while (lane.catchUp && !lane.hasFailed && !this.#isOverShare(lane)) {
      if (!this.#hasRoom() || this.#isStopped) return
      const entry = await this.#nextOf(lane.catchUp)
      if (entry === undefined) {
        lane.catchUp = undefined
        break
      }
      const call = this.#callOf(entry)
      for (const [position, { topic }] of call.records.entries()) {
        if (topic !== lane.topic || wasSettledBefore(entry, position)) continue
        this.#include(lane, call, position)
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

  /** Sends failed records again: of one push, and of the others only once the topic takes records. */
  async #sendFailed(lane: TopicLane): Promise<void> {
    const failed = lane.takeFailed()
    let sent = 0
    try {
      for (const each of failed) {
        await this.#sendAgain(lane, each)
        sent += 1
        if (lane.failures > 0) break
      }
    } finally {
      lane.putBack(failed.slice(sent))
    }
  }

  async #sendAgain(lane: TopicLane, { push, positions }: FailedPush): Promise<void> {
    const records = await this.#again.read(push)
    if (!records) {
      this.#damaged(push, positions.length)
      for (const position of positions) this.#settle(lane, push, position)
      return
    }
    lane.retryAtMs = Infinity
    const call = this.#callFor(push, records)
    for (const position of positions) this.#include(lane, call, position)
    await this.#send(call)
  }

  #callOf({ place, header, payload }: Entry): FeedCall {
    const records = readRecords(payload, header.recordCount)
    return this.#callFor({ place, header }, records)
  }

  #callFor(push: LoggedPush, records: readonly ProducerRecord[]): FeedCall {
    const { clock } = this.#options
    // The log knows the time of day, which may have been set since; nothing is accepted in the future.
    const agoMs = Math.max(0, clock.epochMs() - push.header.acceptedMs)
    return new FeedCall(push, records, clock.nowMs() - agoMs, this.#listener)
  }

  #include(lane: TopicLane, call: FeedCall, position: number): void {
    const { bytes } = call.include(position, lane)
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
    this.#settle(this.#release(call, position), call.push, position)
  }

  #failed(call: FeedCall, position: number, error: DeliveryError): void {
    if (this.#isStopped) return
    const { clock, retentionMs } = this.#options
    const isOld = clock.epochMs() - call.push.header.acceptedMs > retentionMs
    if (isFinal(error, isOld)) void this.#bury(call, position, error)
    else this.#retryLater(call, position)
  }

  async #bury(call: FeedCall, position: number, error: DeliveryError): Promise<void> {
    const { push } = call
    try {
      const records = await call.readAgain((again) => this.#again.read(again))
      const record = records?.[position]
      if (record) await this.#options.bury(push, position, record, error)
      else this.#damaged(push, 1)
    } catch {
      // Those who have written or read have told of it.
      this.#retryLater(call, position)
      return
    }
    this.#settle(this.#release(call, position), push, position)
  }

  /** The bytes of a push that was read once cannot be read again. */
  #damaged({ place: { segment, at }, header }: LoggedPush, records: number): void {
    segment.noteDamage(at)
    this.#options.log.observer.damaged(segment.name, at, frameBytes(header.payloadBytes), records)
  }

  #settle(lane: TopicLane, push: LoggedPush, position: number): void {
    lane.succeeded()
    this.#options.log.settled(push, position)
    if (lane.isIdle) this.#lanes.delete(lane.topic)
    if (this.#isFull || lane.isBehind) this.#pump()
  }

  #retryLater(call: FeedCall, position: number): void {
    const lane = this.#release(call, position)
    lane.failed(call.push, position, this.#options.clock.nowMs())
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
      for (const { hasFailed, retryAtMs } of this.#lanes.values()) {
        if (hasFailed && retryAtMs > clock.nowMs()) this.#scheduleRetry(retryAtMs)
      }
    })
  }

  #release(call: FeedCall, position: number): TopicLane {
    const fed = call.fed(position)
    invariant(fed !== undefined, 'only what was sent comes back')
    const { lane, bytes } = fed
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

/** Whether an earlier process settled the record. */
function wasSettledBefore({ place, header }: LoggedPush, position: number): boolean {
  return place.segment.settledBefore.has(header.firstIndex + position)
}
