/**
 * Cost and savings of compression: the producer alone with each codec, and how long one large batch blocks the
 * event loop.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { COMPRESSION_CODECS } from '../../src/base/kafka-names.ts'
import { compressorOf } from '../../src/producer/compression/codec.ts'
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { jsonValues } from '../support/json-values.ts'
import { show, spreadOf } from '../support/statistics.ts'
import { assertStored } from './compared.ts'
import { PRODUCER_PROGRAM, type ProducerRun } from './producer.ts'

const CASES = [
  { bytes: 4_096, waveSize: 1_920 },
  { bytes: 100, waveSize: 20_000 },
] as const
const LARGE_BATCH_BYTES = 1_000_000
const LARGE_BATCHES = 100
/** Longest time that a batch may block the event loop, ms. */
const MAX_STALL_MS = 5

/** CPU and size of each record by codec, then the stall of a batch of 1 MB. */
export const compression: Measure = async ({ durationMs, rounds }) => {
  const figures: Figure[] = []
  for (const { bytes, waveSize } of CASES) {
    for (const codec of COMPRESSION_CODECS) {
      const broker = await Broker.start({ alone: 4 })
      try {
        const runs: ProducerRun[] = []
        for (let round = 0; round < rounds; round += 1) {
          const args = [broker.bootstrap, 'alone', bytes, waveSize, durationMs / 2, codec]
          const program = [PRODUCER_PROGRAM, ...args.map(String)]
          const { stdout } = await promisify(execFile)(process.execPath, program)
          runs.push(JSON.parse(stdout) as ProducerRun)
        }
        await assertStored(
          broker,
          'alone',
          runs.reduce((sum, { sent }) => sum + sent, 0),
        )
        const cpuUs = spreadOf(runs.map(({ cpuPerRecordUs }) => cpuPerRecordUs))
        const wireBytes = spreadOf(runs.map(({ wireBytesPerRecord }) => wireBytesPerRecord)).median
        figures.push({
          name: `the producer alone, ${codec}, records of ${bytes} bytes of JSON`,
          measured: `${show(cpuUs, 'µs', 2)} of CPU and ${wireBytes.toFixed(0)} bytes for each`,
          target: '',
          isReached: undefined,
          values: { cpuUs: cpuUs.median, wireBytes },
        })
      } finally {
        await broker.stop()
      }
    }
  }
  for (const codec of COMPRESSION_CODECS) {
    if (codec !== 'none') figures.push(await stallOf(codec, rounds))
  }
  return figures
}

/** The mean of many batches, because the kernel accounts CPU in steps longer than one batch. */
async function stallOf(codec: 'gzip' | 'snappy' | 'lz4' | 'zstd', rounds: number): Promise<Figure> {
  const compress = compressorOf(codec, -1)
  const batch = Buffer.from(jsonValues(1, LARGE_BATCH_BYTES).join(''))
  const meansMs: number[] = []
  // The first round loads the library and warms up the code.
  for (let round = 0; round <= rounds; round += 1) {
    let cpuUs = 0
    for (let index = 0; index < LARGE_BATCHES; index += 1) {
      const before = process.threadCpuUsage()
      const compressing = compress([batch])
      const { user, system } = process.threadCpuUsage(before)
      cpuUs += user + system
      await compressing
    }
    if (round > 0) meansMs.push(cpuUs / LARGE_BATCHES / 1_000)
  }
  const stallMs = spreadOf(meansMs)
  return {
    name: `${codec} of a batch of 1 MB keeps the event loop busy`,
    measured: `for ${show(stallMs, 'ms', 2)}`,
    target: `<= ${MAX_STALL_MS} ms`,
    isReached: stallMs.median <= MAX_STALL_MS,
    values: { stallMs: stallMs.median },
  }
}
