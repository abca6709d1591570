/** `wal.*`: the write-ahead log. */
import { boolean, integer, nonEmptyText, oneOf, text } from '../kinds.ts'
import { setting } from '../setting.ts'

const MIB = 2 ** 20
/** 1 PiB: no disk is larger, and the numbers stay exact. */
const MAX_BYTES = 2 ** 50

export const WAL = {
  enabled: setting({
    doc: 'Whether records of pushes with `wait_for_send: false` are written to a log on disk before they are accepted. They survive a kill, a power loss and a long outage of Kafka, and are sent until Kafka has them.',
    kind: boolean(),
    default: false,
  }),
  dir: setting({
    doc: 'Folder of the log, on a local disk. Each worker has a folder in it. kprf creates it; only the user of kprf can read it.',
    kind: nonEmptyText(),
    default: '/var/lib/kprf/wal',
  }),
  sync: setting({
    doc: 'When an accepted push is on the disk. `always`: before the reply. `interval`: `wal.sync_interval_ms` after it at the latest; a power loss costs that time. `os`: when the operating system writes it, for most within 30 s. A kill of kprf costs nothing with any of them.',
    kind: oneOf(['always', 'interval', 'os']),
    default: 'always',
  }),
  sync_interval_ms: setting({
    doc: 'Time between two writes to the disk with `wal.sync: interval`.',
    kind: integer(1, 60_000),
    default: 1_000,
    unit: 'ms',
  }),
  segment_bytes: setting({
    doc: 'Size of the files of the log. A file is removed when Kafka has all of its records.',
    kind: integer(MIB, 1_024 * MIB),
    default: 64 * MIB,
    unit: 'bytes',
  }),
  max_bytes: setting({
    doc: 'Size of the log of one worker. Once it is reached, pushes get 503 until Kafka has taken records.',
    kind: integer(2 * MIB, MAX_BYTES),
    default: 1_024 * MIB,
    unit: 'bytes',
  }),
  min_free_bytes: setting({
    doc: 'What the disk must have free. Below, pushes get 503 until there is room.',
    kind: integer(0, MAX_BYTES),
    default: 64 * MIB,
    unit: 'bytes',
  }),
  retention_ms: setting({
    doc: 'How long a record of the log waits for its topic or partition to exist. Then it becomes a dead letter.',
    kind: integer(0, 31_536_000_000),
    default: 86_400_000,
    unit: 'ms',
  }),
  dead_letters: {
    topic: setting({
      doc: 'Topic for the records of the log that Kafka refuses for good, beside the file of dead letters. Headers say why, and where each came from. Empty: none.',
      kind: text(),
      default: '',
    }),
  },
}
