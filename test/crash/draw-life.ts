/** How one kprf of the crash test is set, and how it dies. */
import type { KprfSettings } from '../support/kprf-process.ts'
import type { SeededRandom } from '../support/random.ts'

const MIB = 2 ** 20

/** One kprf, from its start to its last kill. */
export interface Life {
  readonly workers: number
  readonly settings: KprfSettings
  /** Killed when it has lived so long, whether or not it is ready; `undefined` to kill it later. */
  readonly endsAtStartMs: number | undefined
  /** A worker is killed after each of these times, ms. */
  readonly workerKillsMs: readonly number[]
  /** Then what is left: all processes, or only the primary, whose workers then end in order. */
  readonly end: 'all' | 'primary'
  readonly endMs: number
  /** Whether the next one starts while the workers of this one still run. */
  readonly isNextImmediate: boolean
  /** When Kafka stops or starts, ms; `undefined` if it does not. */
  readonly kafkaChangeMs: number | undefined
  /** Whether records are large, so that files and the log are full soon. */
  readonly hasLargeRecords: boolean
}

/** Draws a life. */
export function drawLife(random: SeededRandom): Life {
  const workers = random.pick([1, 1, 1, 2, 2, 3])
  const hasLargeRecords = random.chance(0.25)
  return {
    workers,
    settings: {
      workers,
      'wal.sync': random.pick(['always', 'always', 'interval', 'os']),
      'wal.sync_interval_ms': random.pick([1, 20, 1_000]),
      'wal.segment_bytes': random.pick([MIB, MIB, 4 * MIB]),
      'wal.max_bytes': hasLargeRecords ? 4 * MIB : 256 * MIB,
    },
    endsAtStartMs: random.chance(0.2) ? random.below(700) : undefined,
    workerKillsMs:
      workers === 1
        ? []
        : Array.from({ length: random.between(0, 5) }, () => random.between(20, 500)),
    end: workers > 1 && random.chance(0.4) ? 'primary' : 'all',
    // Long enough for a full log to have room again.
    endMs: random.below(hasLargeRecords ? 1_500 : 600),
    isNextImmediate: random.chance(0.5),
    kafkaChangeMs: random.chance(0.4) ? random.below(600) : undefined,
    hasLargeRecords,
  }
}
