/**
 * Asks several brokers the same, and takes the first answer. They are not all asked at once: the next one is when one
 * has failed, or when nobody has answered for a while, as in happy eyeballs (RFC 8305). So one that is there is found
 * soon, however many others say nothing.
 */
import type { CancelTimer, Clock } from '../../base/clock.ts'
import { securityFailureOf } from './security-failure.ts'

/** As long as a healthy broker takes to answer, connecting included. */
const STAGGER_MS = 250
/** However many there are, all have been asked after this time. */
const ALL_ASKED_MS = 5_000

/**
 * Asks the first candidate, and the others in turn.
 *
 * @param candidates - one at least.
 * @throws when all have failed, what the last one failed for; or what tells more: that one does not trust kprf, or kprf
 * not it.
 */
export async function firstAnswer<Candidate, Answer>(
  clock: Clock,
  candidates: readonly Candidate[],
  ask: (candidate: Candidate) => Promise<Answer>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const errors: unknown[] = []
  const staggerMs = Math.min(STAGGER_MS, ALL_ASKED_MS / candidates.length)
  let askedCount = 0
  let isAnswered = false
  let cancelTimer: CancelTimer | undefined
  const askNext = (): void => {
    cancelTimer?.()
    const candidate = candidates[askedCount]
    if (isAnswered || candidate === undefined) return
    askedCount += 1
    cancelTimer = clock.schedule(staggerMs, askNext)
    ask(candidate).then(
      (answer) => {
        isAnswered = true
        cancelTimer?.()
        resolve(answer)
      },
      (error: unknown) => {
        errors.push(error)
        if (errors.length === candidates.length) reject(mostTelling(errors))
        else askNext()
      },
    )
  }
  askNext()
  return await promise.finally(() => cancelTimer?.())
}

function mostTelling(errors: readonly unknown[]): Error {
  const error = errors.find((one) => securityFailureOf(one) !== undefined) ?? errors.at(-1)
  return error instanceof Error ? error : new Error(String(error))
}
