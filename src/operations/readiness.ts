/**
 * Whether the process should get pushes now, as load balancers and Kubernetes ask for it. The text is
 * in the manner of Kubernetes' own `/readyz`.
 */

/** Records, and bytes of their values. */
export interface QueueFill {
  readonly records: number
  readonly bytes: number
}

/** A queue as full as this is about to refuse records: load balancers should look elsewhere. */
const NEARLY_FULL = 0.95

/** One condition of readiness. */
export interface ReadinessCheck {
  /** As in `[+]kafka ok` and `?exclude=kafka`. */
  readonly name: string
  /** Says what is wrong, or `undefined`. Looks at what is known already: it must not wait. */
  readonly check: () => string | undefined
}

/** What to ask. */
export interface ReadinessQuery {
  /** Lists all checks even if none fails. */
  readonly isVerbose: boolean
  /** Names of checks that do not count. */
  readonly excluded: readonly string[]
}

/** The answer. */
export interface Readiness {
  readonly isReady: boolean
  /** `ok`, or one line for each check. */
  readonly text: string
}

/** Whether the queue has room. @param readUsed - what is in it. */
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

/** Whether records may hold more memory. @param readUsedBytes - how much they hold. */
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

/** What one check found. */
export interface CheckResult {
  readonly name: string
  /** `undefined` where nothing is wrong. */
  readonly problem: string | undefined
}

/** Makes all checks. One that throws has failed. */
export function makeChecks(checks: readonly ReadinessCheck[]): CheckResult[] {
  return checks.map((check) => ({ name: check.name, problem: problemOf(check) }))
}

/** What to answer, by the results of all checks. */
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
