/**
 * Counts work instead of measuring time: how many blocks of kprf's code were entered, each turn of a loop and
 * each call of a callback among them, as V8 counts them for code coverage. The same on every machine.
 *
 * V8 counts the blocks of functions that it compiles after it was told to: that is done when this file is
 * imported, before any test has called anything.
 */
import { Session, type Profiler } from 'node:inspector'

const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Blocks of code, in the files whose path has this in it, that were entered while `run` ran. */
export async function countWork(path: string, run: () => void | Promise<void>): Promise<number> {
  takeCounts()
  await run()
  return takeCounts()
    .filter(({ url }) => url.includes(path))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0)
}

/** What was counted since the last time. A session in the same thread answers within the call. */
function takeCounts(): readonly Profiler.ScriptCoverage[] {
  let counts: readonly Profiler.ScriptCoverage[] = []
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    counts = result
  })
  return counts
}
