/** Reads the log of a kprf that was killed, as it is on the disk. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IndexSet, readRuns } from '../../src/wal/acknowledgements.ts'
import {
  frameBytes,
  readFrame,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../src/wal/frame.ts'
import { readRecords } from '../../src/wal/records.ts'
import { parseName } from '../../src/wal/segment.ts'
import { ID } from './draw-push.ts'

/** The numbers of the records that the log has and does not know to be in Kafka. */
export function unsettledIds(walFolder: string): readonly string[] {
  return foldersIn(walFolder).flatMap((slot) => {
    const folder = join(walFolder, slot, 'log')
    const names = foldersIn(folder)
    return names.flatMap((name) => idsIn(folder, name, names))
  })
}

function idsIn(folder: string, name: string, names: readonly string[]): readonly string[] {
  const parsed = parseName(name)
  if (parsed.kind !== 'segment') return []
  const bytes = readFileSync(join(folder, name))
  const read = readSegmentHeader(bytes)
  if (read.kind !== 'valid') return []
  const { salt } = read.header
  const runs = names.flatMap((other) => {
    const { kind, ...rest } = parseName(other)
    const isOwn = kind === 'acknowledgements' && 'number' in rest && rest.number === parsed.number
    return isOwn ? readRuns(readFileSync(join(folder, other)), salt) : []
  })
  const settled = new IndexSet(runs)
  const ids: string[] = []
  // A kill tears at most the last frame.
  for (let at = SEGMENT_HEADER_BYTES; ;) {
    const frame = readFrame(bytes, at, salt)
    if (frame.kind !== 'frame') return ids
    const { firstIndex, recordCount, payloadBytes } = frame.header
    for (const [position, { headers }] of readRecords(frame.payload, recordCount).entries()) {
      if (settled.has(firstIndex + position)) continue
      ids.push(String(headers.find(({ key }) => key === ID)?.value))
    }
    at += frameBytes(payloadBytes)
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    // It was killed before it had made it.
    return []
  }
}
