/** What the write-ahead log would be without one of its rules. */
import type { Mutant } from './mutant.ts'

const WRITER = 'src/wal/segment-writer.ts'
const SEGMENT = 'src/wal/segment.ts'
const FRAME = 'src/wal/frame.ts'

/** Every rule of the log that could be lost unseen. */
export const LOG_MUTANTS: readonly Mutant[] = [
  {
    rule: 'log',
    title: 'a push is accepted before it is synced',
    edits: [{ file: WRITER, find: 'if (isSynced) await this.#sync(file)', replace: '' }],
  },
  {
    rule: 'log',
    title: 'the folder is not synced when it has a new file',
    edits: [{ file: WRITER, find: '      await storage.syncFolder()\n', replace: '' }],
  },
  {
    rule: 'log',
    title: 'the checksum of a payload is not compared',
    edits: [
      {
        file: FRAME,
        find: 'if (bytes.readUInt32LE(at + 28) !== crc32c(bytes, payloadAt, payloadEnd, headerCrc)) {',
        replace: 'if (payloadEnd < 0) {',
      },
    ],
  },
  {
    rule: 'log',
    title: 'checksums begin with nothing, not with the salt of the file',
    edits: [
      {
        file: FRAME,
        find: 'const headerCrc = crc32c(frame, 0, 24, salt)',
        replace: 'const headerCrc = crc32c(frame, 0, 24, salt * 0)',
      },
      {
        file: FRAME,
        find: 'bytes.readUInt32LE(at + 24) === crc32c(bytes, at, at + 24, salt)',
        replace: 'bytes.readUInt32LE(at + 24) === crc32c(bytes, at, at + 24, salt * 0)',
      },
    ],
  },
  {
    rule: 'log',
    title: 'a write that the operating system shortens is not continued',
    edits: [
      {
        file: 'src/wal/node-storage.ts',
        find: 'left = withoutFirst(left, bytesWritten)',
        replace: 'left = []',
      },
    ],
  },
  {
    rule: 'log',
    title: 'what was written of a refused push stays in the file',
    edits: [
      {
        file: WRITER,
        find: 'await file.truncate(segment.endBytes)',
        replace: 'await Promise.resolve()',
      },
    ],
  },
  {
    rule: 'log',
    title: 'a file whose sync failed is used again',
    edits: [
      {
        file: WRITER,
        find: '      await this.#abandon(open)\n      throw error',
        replace: '      throw error',
      },
    ],
  },
  {
    rule: 'log',
    title: 'a file is removed while pushes may still be appended to it',
    edits: [
      {
        file: SEGMENT,
        find: 'return this.isSealed && this.isReadToEnd && this.#openRecords === 0',
        replace: 'return this.#openRecords === 0',
      },
    ],
  },
  {
    rule: 'log',
    title: 'the acknowledgements of a file are removed before it',
    edits: [
      {
        file: SEGMENT,
        find: '    this.isRemoved = true\n',
        replace: `    this.isRemoved = true
    for (const name of (await storage.list()).filter((one) => this.#isOwnRuns(one)))
      await storage.remove(name)
`,
      },
    ],
  },
  {
    rule: 'log',
    title: 'a record is settled before Kafka has acknowledged it',
    edits: [
      {
        file: 'src/wal/feed-call.ts',
        find: "if (report.status === 'persisted')",
        replace: "if (report.status !== 'possiblyPersisted')",
      },
    ],
  },
  {
    rule: 'log',
    title: 'a block that cannot be read is given up at once',
    edits: [
      {
        file: 'src/wal/block-reader.ts',
        find: 'const MAX_FAILURES = 3',
        replace: 'const MAX_FAILURES = 1',
      },
    ],
  },
]
