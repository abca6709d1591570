/**
 * `node bench/cli.ts [--quick] [--only NAME] [--json] [--save] [--peer name=url[,pid=n] --brokers host:port]`: measures
 * kprf, compared with bare `node:http` and with a simple program, prints each figure and whether its target is reached,
 * and with `--save` stores them in `bench/results/`. It exits with 0 either way.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { refuseArguments, scriptArguments } from '../scripts/arguments.ts'
import { ScriptProgress } from '../scripts/progress.ts'
import { describeMachine } from './machine.ts'
import type { BenchOptions, Figure, Measure } from './measure.ts'
import { compression } from './measures/compression.ts'
import { connectionPerRequest } from './measures/connections.ts'
import { fastWay } from './measures/fast-way.ts'
import { eventLoopDelay, syncLatency } from './measures/latency.ts'
import { manyRecords } from './measures/many-records.ts'
import { fullQueue } from './measures/memory.ts'
import { oneRecordAsync, oneRecordSync } from './measures/one-record.ts'
import { manyPartitions } from './measures/partitions.ts'
import { peers, peersManyRecords } from './measures/peers.ts'
import { producerAlone } from './measures/producer.ts'
import { probes } from './measures/probes.ts'
import { start } from './measures/start.ts'
import { steadyMemory } from './measures/steady-memory.ts'
import { twoWorkers } from './measures/workers.ts'
import { parsePeer, peerAt, type Peer } from './support/peer.ts'

const MEASURES: Readonly<Record<string, Measure>> = {
  producerAlone,
  compression,
  oneRecordAsync,
  oneRecordSync,
  fastWay,
  manyRecords,
  syncLatency,
  eventLoopDelay,
  probes,
  start,
  connectionPerRequest,
  manyPartitions,
  fullQueue,
  steadyMemory,
  twoWorkers,
  peers,
  peersManyRecords,
}

const QUICK = { durationMs: 2_500, warmUpMs: 1_000, rounds: 2 }
const FULL = { durationMs: 6_000, warmUpMs: 2_000, rounds: 5 }

function verdictOf({ isReached }: Figure): string {
  if (isReached === undefined) return '    '
  return isReached ? 'ok  ' : 'LESS'
}

/** The peers that the arguments name. Ends the process if one is named wrongly. */
function peersOf(texts: readonly string[], brokers: string | undefined): readonly Peer[] {
  try {
    if (texts.length > 0 && brokers === undefined) {
      throw new Error(
        '--peer needs --brokers, the brokers that the peers send to, such as 127.0.0.1:9092',
      )
    }
    return texts.map((text) => peerAt(parsePeer(text)))
  } catch (error) {
    refuseArguments(error, USAGE)
  }
}

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const USAGE =
  'Usage: npm run bench -- [--quick] [--only NAME] [--json] [--save] [--peer NAME=URL[,pid=N] --brokers HOST:PORT]'
const values = scriptArguments(USAGE, {
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  save: { type: 'boolean', default: false },
  only: { type: 'string' },
  peer: { type: 'string', multiple: true, default: [] },
  brokers: { type: 'string' },
})
const options: BenchOptions = {
  ...(values.quick ? QUICK : FULL),
  brokers: values.brokers,
  peers: peersOf(values.peer, values.brokers),
}
const machine = describeMachine()
const figures: Figure[] = []
const print = values.json ? console.error : console.log
print(`${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, commit ${machine.commit}`)
const chosen = Object.entries(MEASURES).filter(
  ([name]) => values.only === undefined || values.only === name,
)
const progress = new ScriptProgress({ verb: 'took', noun: 'measure', total: chosen.length })
for (const [name, measure] of chosen) {
  progress.doing(name)
  for (const figure of await measure(options)) {
    figures.push(figure)
    progress.print(
      `${verdictOf(figure)} ${figure.name}: ${figure.measured}${figure.target === '' ? '' : ` (${figure.target})`}`,
      print,
    )
  }
  progress.done()
}
progress.end()
const result = { takenAt: new Date().toISOString(), machine, options: values, figures }
if (values.json) console.log(JSON.stringify(result, undefined, 2))
if (values.save) {
  const directory = join(import.meta.dirname, 'results')
  mkdirSync(directory, { recursive: true })
  const file = `${result.takenAt.replaceAll(/[:.]/g, '-')}${values.quick ? '-quick' : ''}.json`
  writeFileSync(join(directory, file), `${JSON.stringify(result, undefined, 2)}\n`)
}
