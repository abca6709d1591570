/**
 * Counts work instead of time: the number of executed blocks of kprf's code, including each iteration of a loop and
 * each call of a callback, from V8's code coverage. The result is the same on every machine. V8 counts only
 * functions that it compiles after the start of coverage, so importing this file starts it, before a test calls
 * anything.
 */
import { Session, type Profiler } from 'node:inspector'

const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Counts the executed blocks of code while `run` runs, in files whose path contains `path`. */
export async function countWork(path: string, run: () => void | Promise<void>): Promise<number> {
  takeCounts()
  await run()
  return takeCounts()
    .filter(({ url }) => url.includes(path))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0)
}

/** Returns the counts since the last call. A session in the same thread answers synchronously. */
function takeCounts(): readonly Profiler.ScriptCoverage[] {
  let counts: readonly Profiler.ScriptCoverage[] = []
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    counts = result
  })
  return counts
}
