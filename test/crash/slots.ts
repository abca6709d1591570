/** Reads the logs of kprf as they are on the disk. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProducerRecord } from '../../src/producer/types.ts'
import { IndexSet, readRuns } from '../../src/wal/acknowledgements.ts'
import {
  frameBytes,
  type FrameHeader,
  readFrame,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../src/wal/frame.ts'
import { readRecords } from '../../src/wal/records.ts'
import { parseName } from '../../src/wal/segment.ts'
import { ID } from './draw-push.ts'

/** The number of a record, from its header. */
export function idOf(headers: ProducerRecord['headers']): string {
  return String(headers.find(({ key }) => key === ID)?.value ?? '')
}

/** The numbers of the records that the logs have, and do not know to be in Kafka. */
export function unsettledIds(walFolder: string): readonly string[] {
  return namesIn(walFolder).flatMap((slot) => unsettledIdsIn(join(walFolder, slot, 'log')))
}

/** The dead letters of all slots. */
export function deadLetters(walFolder: string): readonly ProducerRecord[] {
  return namesIn(walFolder).flatMap((slot) => {
    const folder = join(walFolder, slot, 'dead-letters')
    return segmentsIn(folder).flatMap(({ frames }) => frames.flatMap(({ records }) => records))
  })
}

interface Frame {
  readonly header: FrameHeader
  readonly records: readonly ProducerRecord[]
}

interface Segment {
  readonly number: number
  readonly salt: number
  readonly frames: readonly Frame[]
}

function unsettledIdsIn(folder: string): readonly string[] {
  return segmentsIn(folder).flatMap(({ number, salt, frames }) => {
    const runs = namesIn(folder).flatMap((name) => {
      const parsed = parseName(name)
      const isOwn = parsed.kind === 'acknowledgements' && parsed.number === number
      return isOwn ? readRuns(bytesOf(join(folder, name)), salt) : []
    })
    const settled = new IndexSet(runs)
    return frames.flatMap(({ header, records }) =>
      records
        .filter((_, position) => !settled.has(header.firstIndex + position))
        .map(({ headers }) => idOf(headers)),
    )
  })
}

function segmentsIn(folder: string): readonly Segment[] {
  return namesIn(folder).flatMap((name) => {
    const parsed = parseName(name)
    if (parsed.kind !== 'segment') return []
    const bytes = bytesOf(join(folder, name))
    const read = readSegmentHeader(bytes)
    if (read.kind !== 'valid') return []
    const { salt } = read.header
    return [{ number: parsed.number, salt, frames: framesOf(bytes, salt) }]
  })
}

/** A kill tears at most the last frame. */
function framesOf(bytes: Buffer, salt: number): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = SEGMENT_HEADER_BYTES; ;) {
    const frame = readFrame(bytes, at, salt)
    if (frame.kind !== 'frame') return frames
    const { header, payload } = frame
    frames.push({ header, records: readRecords(payload, header.recordCount) })
    at += frameBytes(header.payloadBytes)
  }
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    // A process that runs has removed it meanwhile.
    return Buffer.alloc(0)
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    // It was killed before it had made it.
    return []
  }
}
