import { ProxyError } from '../../base/errors.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { ProducerRecord } from '../../producer/types.ts'
import type { BodyStream } from '../body-stream.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import { Problem } from '../push/problem.ts'
import type { WorkTurns } from '../work-turns.ts'
import { StreamBatch, type StreamSender } from './stream-sender.ts'

/** Receives the parts of a body that are a record each. */
export interface PartReader {
  /** @param part - `undefined` if it has more bytes than allowed. It may share the memory of its piece. */
  part(part: Buffer | undefined, number: number): void
  /** This number of bytes of an unfinished part is kept until the part ends. */
  keep(bytes: number): void
  /** Nothing is kept any longer. */
  keepNothing(): void
}

/** Cuts the pieces of a body into parts. */
export interface Splitter {
  /** Number of parts so far, without the unfinished one. */
  readonly count: number
  /** @throws ProxyError if what follows cannot be read. The parts before it are known by then. */
  write(piece: Buffer): void
  /** The body is complete. @throws ProxyError if it ends in the middle of a part. */
  end(): void
}

/** Dependencies and settings of {@link readRecords}. */
export interface RecordReading {
  readonly splitterFor: (reader: PartReader) => Splitter
  /** Makes a record of a part as the reader gets it; `undefined` for a part that is none. */
  readonly parse: (part: Buffer | undefined) => ProducerRecord | Problem | undefined
  readonly sender: StreamSender
  /** Whether so much has failed that reading on is of no use. */
  readonly isHopeless: () => boolean
  readonly mode: PushMode
  readonly turns: WorkTurns
  readonly metrics: Pick<HttpMetrics, 'recordsReceived' | 'recordsInvalid'>
}

/** How far a body was read. */
export interface RecordsRead {
  /** Number of parts. */
  readonly count: number
  /** Whether the end of the body was reached. */
  readonly isComplete: boolean
  /** Why the rest cannot be read; `undefined` if it can. */
  readonly broken: ProxyError | undefined
}

/**
 * Sends the records of a body while it arrives, and resolves once all their outcomes are told.
 *
 * @throws ProxyError if the body fails before its first part ends; ClientGone.
 */
export async function readRecords(body: BodyStream, reading: RecordReading): Promise<RecordsRead> {
  const { sender, isHopeless, turns } = reading
  const batches = new Batches(body, reading)
  try {
    for await (const piece of body) {
      const turn = turns.enter(piece.length)
      if (turn !== undefined) await turn
      batches.splitter.write(piece)
      await batches.send()
      if (isHopeless()) return await batches.end(false)
    }
    batches.splitter.end()
    return await batches.end(true)
  } catch (error) {
    if (error instanceof ProxyError && batches.splitter.count > 0) {
      return batches.end(false, error)
    }
    sender.abandon()
    throw error
  }
}

/** Makes a batch of the records of each piece. */
class Batches {
  readonly splitter: Splitter
  readonly #reading: RecordReading
  #batch = new StreamBatch()

  constructor(body: BodyStream, reading: RecordReading) {
    this.#reading = reading
    this.splitter = reading.splitterFor({
      part: this.#add.bind(this),
      keep: body.keep.bind(body),
      keepNothing: body.keepNothing.bind(body),
    })
  }

  async send(): Promise<void> {
    const batch = this.#batch
    if (batch.numbers.length === 0) return
    this.#batch = new StreamBatch()
    const { metrics, mode, sender } = this.#reading
    metrics.recordsReceived(mode, batch.records)
    const codes = batch.problems?.flatMap((problem) => problem?.code ?? [])
    if (codes !== undefined) metrics.recordsInvalid(mode, codes)
    await sender.send(batch)
  }

  async end(isComplete: boolean, broken?: ProxyError): Promise<RecordsRead> {
    await this.send()
    await this.#reading.sender.end()
    return { count: this.splitter.count, isComplete, broken }
  }

  #add(part: Buffer | undefined, number: number): void {
    const record = this.#reading.parse(part)
    if (record instanceof Problem) this.#batch.addInvalid(number, record)
    else if (record !== undefined) this.#batch.add(number, record, part?.length ?? 0)
  }
}
