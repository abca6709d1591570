/**
 * Readiness for load balancers and Kubernetes: whether the process should get pushes now. The text has the format
 * of Kubernetes' own `/readyz`.
 */

/** A number of records, and the bytes of their values. */
export interface QueueFill {
  readonly records: number
  readonly bytes: number
}

/** Share of the queue beyond which load balancers should stop sending, because it will soon refuse records. */
const NEARLY_FULL = 0.95

/** One condition of readiness. */
export interface ReadinessCheck {
  /** As in `[+]kafka ok` and `?exclude=kafka`. */
  readonly name: string
  /** Returns the reason for a failure, or `undefined`. It reads known state and never waits. */
  readonly check: () => string | undefined
}

/** The parameters of a request to `/readyz`. */
export interface ReadinessQuery {
  /** Lists all checks even if none fails. */
  readonly isVerbose: boolean
  /** Names of checks to ignore. */
  readonly excluded: readonly string[]
}

/** The reply of `/readyz`. */
export interface Readiness {
  readonly isReady: boolean
  /** `ok`, or one line for each check. */
  readonly text: string
}

/** Checks whether the queue has room. @param readUsed - returns its current fill. */
export function queueCheck(limits: QueueFill, readUsed: () => QueueFill): ReadinessCheck {
  return {
    name: 'queue',
    check: () => {
      const { records, bytes } = readUsed()
      const fill = Math.max(records / limits.records, bytes / limits.bytes)
      return fill < NEARLY_FULL ? undefined : `the queue is ${Math.floor(fill * 100)} % full`
    },
  }
}

/** Checks whether records may take more memory. @param readUsedBytes - returns how much they take. */
export function memoryCheck(maxBytes: number, readUsedBytes: () => number): ReadinessCheck {
  return {
    name: 'memory',
    check: () => {
      const fill = readUsedBytes() / maxBytes
      if (fill < NEARLY_FULL) return undefined
      return `records hold ${Math.floor(fill * 100)} % of the memory allowed for them`
    },
  }
}

/** The result of one check. */
export interface CheckResult {
  readonly name: string
  /** `undefined` if the check passed. */
  readonly problem: string | undefined
}

/** Runs all checks. A check that throws has failed. */
export function makeChecks(checks: readonly ReadinessCheck[]): CheckResult[] {
  return checks.map((check) => ({ name: check.name, problem: problemOf(check) }))
}

/** Whether all checks passed, so that `/readyz` answers 200. */
export function havePassed(results: readonly CheckResult[]): boolean {
  return results.every(({ problem }) => problem === undefined)
}

/** The reply for the results of all checks. */
export function assessReadiness(
  results: readonly CheckResult[],
  { isVerbose, excluded }: ReadinessQuery,
): Readiness {
  const verdicts = results.map((result) => verdictOf(result, excluded.includes(result.name)))
  const isReady = verdicts.every(({ isOk }) => isOk)
  if (isReady && !isVerbose) return { isReady, text: 'ok\n' }
  const summary = `readyz check ${isReady ? 'passed' : 'failed'}`
  return { isReady, text: `${[...verdicts.map(({ line }) => line), summary].join('\n')}\n` }
}

function verdictOf(
  { name, problem }: CheckResult,
  isExcluded: boolean,
): { isOk: boolean; line: string } {
  if (isExcluded) return { isOk: true, line: `[+]${name} excluded: ok` }
  return problem === undefined
    ? { isOk: true, line: `[+]${name} ok` }
    : { isOk: false, line: `[-]${name} failed: ${problem}` }
}

function problemOf({ check }: ReadinessCheck): string | undefined {
  try {
    return check()
  } catch (error) {
    return `the check threw ${String(error)}`
  }
}
