/** kprf with a write-ahead log, killed again and again under load, while Kafka comes and goes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { SeededRandom } from '../support/random.ts'
import { type CrashCounts, CrashRound, newCounts } from './crash-round.ts'
import { DENIALS, TOPICS } from './draw-push.ts'
import type { Verdict } from './ledger.ts'

/** After so many kills, kprf drains, and what it accepted is compared: the account of all would not fit in memory. */
const ROUND_KILLS = 25

/** What a run counted. */
export type CrashResult = CrashCounts & Verdict

/** Kills kprf so often. After every few kills it drains, and what Kafka has is compared with what was accepted. */
export async function runCrashes(
  kills: number,
  seed: number,
  onRound: (result: CrashResult) => void = () => undefined,
): Promise<CrashResult> {
  const random = new SeededRandom(seed)
  let sum: CrashResult = {
    ...newCounts(),
    ...{ accepted: 0, stored: 0, duplicates: 0, deadLetters: 0, violations: [] },
  }
  while (sum.kills < kills) {
    const round = await runRound(Math.min(ROUND_KILLS, kills - sum.kills), random)
    sum = sumOf(sum, round)
    onRound(sum)
  }
  return sum
}

async function runRound(kills: number, random: SeededRandom): Promise<CrashResult> {
  const folder = await mkdtemp(join(tmpdir(), 'crash-'))
  const cluster = await TestCluster.start({ topics: TOPICS, partitionMaxBytes: 2 ** 40 })
  cluster.setDenials(DENIALS)
  const round = new CrashRound(cluster, folder, random)
  try {
    while (round.counts.kills < kills) await round.liveOnce(kills - round.counts.kills)
    return { ...(await round.drain()), ...round.counts }
  } finally {
    await round.close()
    await cluster.close()
    await rm(folder, { recursive: true })
  }
}

function sumOf(one: CrashResult, other: CrashResult): CrashResult {
  const sum = { ...one, violations: [...one.violations, ...other.violations] }
  for (const name of Object.keys(newCounts()) as (keyof CrashCounts)[]) sum[name] += other[name]
  return {
    ...sum,
    accepted: one.accepted + other.accepted,
    stored: one.stored + other.stored,
    duplicates: one.duplicates + other.duplicates,
    deadLetters: one.deadLetters + other.deadLetters,
  }
}
