/** What compression costs and saves: the producer alone with each codec, and how long one large batch holds it up. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { compressionCodecs, compressorOf } from '../../src/producer/compression/codec.ts'
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
/** A batch may hold the event loop up for so long. */
const MAX_STALL_MS = 5

/** CPU and size of each record by codec, then the stall of a batch of 1 MB. */
export const compression: Measure = async ({ durationMs, rounds }) => {
  const figures: Figure[] = []
  for (const { bytes, waveSize } of CASES) {
    for (const codec of compressionCodecs) {
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
  for (const codec of compressionCodecs) {
    if (codec !== 'none') figures.push(await stallOf(codec))
  }
  return figures
}

async function stallOf(codec: 'gzip' | 'snappy' | 'lz4' | 'zstd'): Promise<Figure> {
  const compress = compressorOf(codec, -1)
  const batch = Buffer.from(jsonValues(1, LARGE_BATCH_BYTES).join(''))
  const stallsMs: number[] = []
  for (let index = 0; index < LARGE_BATCHES; index += 1) {
    const beganMs = performance.now()
    const compressing = compress([batch])
    const stallMs = performance.now() - beganMs
    await compressing
    // The first ones load the library and warm the code up.
    if (index >= LARGE_BATCHES / 2) stallsMs.push(stallMs)
  }
  const stallMs = spreadOf(stallsMs)
  return {
    name: `${codec} of a batch of 1 MB holds up the event loop`,
    measured: `for ${show(stallMs, 'ms', 2)}`,
    target: `<= ${MAX_STALL_MS} ms`,
    isReached: stallMs.median <= MAX_STALL_MS,
    values: { stallMs: stallMs.median },
  }
}
