/** Says whether a partition takes records again soon after the last fault. */
import type { Schedule } from './schedule.ts'
import type { World } from './world/world.ts'

/** A partition of a topic that exists. */
export interface Target {
  readonly topic: string
  readonly partition: number
}

/** What {@link recover} works with. */
export interface RecoverDependencies {
  readonly world: Pick<World, 'time' | 'loop'>
  /** Sends a record and says whether it was reported as persisted. */
  readonly probe: (target: Target) => Promise<boolean>
  /** Number of records that the partition has. */
  readonly storedIn: (target: Target) => number
}

/** Every partition takes records again so soon after the last fault, but for what {@link limitOf} adds. */
const RECOVERY_MS = 5_000
/** The same after the cluster has moved: brokers that say nothing have to be found silent first. */
const RECOVERY_AFTER_MOVE_MS = 10_000
/** A record that failed is followed by another after this time. */
const PROBE_INTERVAL_MS = 30
/** How often a partition that is late is looked at. */
const LOOK_INTERVAL_MS = 1_000
/** Far more than it may take. */
const GIVE_UP_MS = 30_000

/**
 * Sends records to a partition, one after the other, until one is persisted. Returns what is wrong: that this takes
 * too long, and that the partition does not get on either with what waited there before.
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
 * How soon a partition must take records again. A broker that keeps a connection and says nothing at all on it, from
 * before the end of the faults and on, may be one whose replicas are slow: it is waited for as long as the settings
 * say.
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
