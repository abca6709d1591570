/**
 * Asks several brokers the same question, and returns the first answer. It asks the next broker when one has
 * failed, or when none has answered for a while, as in happy eyeballs (RFC 8305). So it finds a working broker
 * soon, however many others stay silent.
 */
import type { CancelTimer, Clock } from '../../base/clock.ts'
import { securityFailureOf } from './security-failure.ts'

/** Delay before the next broker is asked, ms: a healthy broker connects and answers within it. */
const STAGGER_MS = 250
/** Time after which all brokers have been asked, however many there are, ms. */
const ALL_ASKED_MS = 5_000

/**
 * Asks the first candidate, and then the others.
 *
 * @param candidates - at least one.
 * @throws if all have failed: preferably a security failure, otherwise the error of the last one.
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
