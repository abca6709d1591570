/** The producer alone: a record from its admission to the socket. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { show, spreadOf } from '../support/statistics.ts'
import { assertStored } from './compared.ts'

/** The output of `bench/servers/producer.ts`. */
export interface ProducerRun {
  readonly sent: number
  readonly cpuPerRecordUs: number
  readonly recordsPerBatch: number
  readonly wireBytesPerRecord: number
}

/** Records of a wave go to four partitions: 480 of 4 KiB to each are two full batches. */
const CASES = [
  { bytes: 4_096, waveSize: 1_920, maxUs: 8 },
  { bytes: 100, waveSize: 20_000, maxUs: 1.5 },
] as const

/** Path of the producer without HTTP. */
export const PRODUCER_PROGRAM = join(import.meta.dirname, '..', 'servers', 'producer.ts')

/** CPU for each record, large and small. */
export const producerAlone: Measure = async ({ durationMs, rounds }) => {
  const figures: Figure[] = []
  for (const { bytes, waveSize, maxUs } of CASES) {
    const broker = await Broker.start({ alone: 4 })
    try {
      const runs: ProducerRun[] = []
      for (let round = 0; round < rounds; round += 1) {
        const args = [broker.bootstrap, 'alone', bytes, waveSize, durationMs / 2].map(String)
        const { stdout } = await promisify(execFile)(process.execPath, [PRODUCER_PROGRAM, ...args])
        runs.push(JSON.parse(stdout) as ProducerRun)
      }
      await assertStored(
        broker,
        'alone',
        runs.reduce((sum, { sent }) => sum + sent, 0),
      )
      const cpuUs = spreadOf(runs.map(({ cpuPerRecordUs }) => cpuPerRecordUs))
      const batchRecords = spreadOf(runs.map(({ recordsPerBatch }) => recordsPerBatch)).median
      figures.push({
        name: `the producer alone, records of ${bytes} bytes`,
        measured: `${show(cpuUs, 'µs', 2)} of CPU for each, in batches of ${batchRecords.toFixed(0)}`,
        target: `<= ${maxUs} µs`,
        isReached: cpuUs.median <= maxUs,
        values: { cpuUs: cpuUs.median, batchRecords },
      })
    } finally {
      await broker.stop()
    }
  }
  return figures
}
