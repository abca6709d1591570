/** Checks whether a partition accepts records again soon after the last fault. */
import type { Schedule } from './schedule.ts'
import type { World } from './world/world.ts'

/** A partition of a topic that exists. */
export interface Target {
  readonly topic: string
  readonly partition: number
}

/** Dependencies of {@link recover}. */
export interface RecoverDependencies {
  readonly world: Pick<World, 'time' | 'loop'>
  /** Sends a record and returns whether it was reported as persisted. */
  readonly probe: (target: Target) => Promise<boolean>
  /** Number of records that the partition has. */
  readonly storedIn: (target: Target) => number
}

/** Time after the last fault in which every partition accepts records again, plus what {@link limitOf} adds. */
const RECOVERY_MS = 5_000
/** The same after the cluster has moved, because silent brokers must be detected first. */
const RECOVERY_AFTER_MOVE_MS = 10_000
/** Delay before the next record after a failed one, ms. */
const PROBE_INTERVAL_MS = 30
/** How often a late partition is checked, ms. */
const LOOK_INTERVAL_MS = 1_000
/** Far longer than any recovery, ms. */
const GIVE_UP_MS = 30_000

/**
 * Sends records to a partition, one after the other, until one is persisted. Returns the violation if this takes
 * too long and the partition makes no progress with waiting records either.
 */
export async function recover(
  target: Target,
  schedule: Schedule,
  { world: { time, loop }, probe, storedIn }: RecoverDependencies,
): Promise<readonly string[]> {
  const endedMs = time.nowMs()
  const progress = { hasRecovered: false, isStuck: false }
  const watch = async (): Promise<void> => {
    let storedBefore = -1
    while (!progress.hasRecovered && !progress.isStuck) {
      await time.sleep(LOOK_INTERVAL_MS)
      const nowMs = time.nowMs()
      if (nowMs - endedMs < limitOf(schedule) + loop.heldUpMs(endedMs, nowMs)) continue
      const stored = storedIn(target)
      progress.isStuck = stored === storedBefore
      storedBefore = stored
    }
  }
  const watched = watch()
  while (!progress.hasRecovered && time.nowMs() - endedMs < GIVE_UP_MS) {
    progress.hasRecovered = await probe(target)
    await time.sleep(PROBE_INTERVAL_MS)
  }
  progress.isStuck ||= !progress.hasRecovered
  await watched
  const { topic, partition } = target
  const tookMs = Math.round(time.nowMs() - endedMs)
  return progress.isStuck
    ? [`${topic}/${partition} took no records until ${tookMs} ms after the faults`]
    : []
}

/**
 * The time in which a partition must accept records again. A broker that has kept a silent connection since before
 * the end of the faults may have slow replicas: kprf waits for it as long as the settings say.
 */
function limitOf({ events, settings: { socketTimeoutMs, messageTimeoutMs } }: Schedule): number {
  const isSilent = events.some(
    (event) =>
      event.kind === 'fault' &&
      event.api === 'Produce' &&
      (event.fault.kind === 'hang' || event.fault.kind === 'hangAfterHandling'),
  )
  const hasMoved = events.some(({ kind }) => kind === 'moveCluster')
  const recoveryMs = hasMoved ? RECOVERY_AFTER_MOVE_MS : RECOVERY_MS
  return recoveryMs + (isSilent ? Math.min(socketTimeoutMs, messageTimeoutMs) : 0)
}
