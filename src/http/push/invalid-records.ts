/** Invalid records beside valid ones: `http.invalid_records`. Pure. */
import type { PushCall } from '../../ingest/push-call.ts'
import type { FailedDelivery } from '../../producer/types.ts'
import { decisiveOf, HTTP_MAPPINGS, rankOfCode } from '../error-mapper.ts'
import { Mistyped, type Problem } from './problem.ts'
import { NOT_SENT_TEXT } from './record-elements.ts'

/** What became of the records of a push, by their index. */
export type PushOutcome = Pick<PushCall, 'failures' | 'reports' | 'retryAfterSeconds'>

/** By record index; `undefined` for valid records. */
export type Problems = readonly (Problem | undefined)[]

/** Whether the release of the Rust kprf could not read a push with these problems. */
export function areUnreadable(problems: Problems): boolean {
  return problems.some((problem) => problem instanceof Mistyped)
}

/** What becomes of the records of a push of which none is produced. */
export function refusedTogether(problems: Problems): readonly FailedDelivery[] {
  const invalid = new Map<Problem, FailedDelivery>()
  return problems.map((problem) => (problem === undefined ? NOT_SENT : failureOf(problem, invalid)))
}

const NOT_SENT: FailedDelivery = {
  status: 'notPersisted',
  error: {
    number: HTTP_MAPPINGS.RECORD_NOT_SENT.errorCode,
    text: NOT_SENT_TEXT,
    code: 'RECORD_NOT_SENT',
  },
}

/** Invalid records that are refused alone. */
export interface RefusedAlone {
  readonly problems: Problems
  /** The one that the reply is about, if no other record fails. */
  readonly decisive: Problem | undefined
  /** The topic of its record, for the log. The topics of the others are not kept. */
  readonly topic: string | undefined
}

/** @param topicOf - the topic of a record, `undefined` if Kafka does not allow it. */
export function refusedAlone(
  problems: Problems,
  topicOf: (index: number) => string | undefined,
): RefusedAlone {
  const decisive = decisiveOf(problems, ({ code }) => rankOfCode(code))
  return { problems, decisive: decisive?.failure, topic: decisive && topicOf(decisive.index) }
}

/**
 * Puts invalid records back into their places among the others.
 *
 * @param sent - what became of the valid ones, by their index among themselves.
 */
export function withInvalid(
  sent: PushOutcome,
  { problems, decisive, topic }: RefusedAlone,
): PushOutcome {
  const { failures, reports, retryAfterSeconds } = sent
  const invalid = new Map<Problem, FailedDelivery>()
  if (decisive) invalid.set(decisive, { ...failureOf(decisive, invalid), topic })
  return {
    failures: spread(problems, failures, (problem) => failureOf(problem, invalid)),
    reports: reports && spread(problems, reports, () => undefined),
    retryAfterSeconds,
  }
}

function spread<Value>(
  problems: Problems,
  values: readonly (Value | undefined)[] | undefined,
  ofProblem: (problem: Problem) => Value | undefined,
): readonly (Value | undefined)[] {
  let valid = 0
  return problems.map((problem) => {
    if (problem !== undefined) return ofProblem(problem)
    valid += 1
    return values?.[valid - 1]
  })
}

/** The failure of an invalid record, as if the producer had refused it. */
function failureOfProblem(problem: Problem): FailedDelivery {
  const { code, message } = problem
  const error = { number: HTTP_MAPPINGS[code].errorCode, text: message, code }
  return { status: 'notPersisted', error }
}

/** One object for all records with the same problem: the text of each is written once. */
function failureOf(problem: Problem, known: Map<Problem, FailedDelivery>): FailedDelivery {
  let failure = known.get(problem)
  if (failure === undefined) {
    failure = failureOfProblem(problem)
    known.set(problem, failure)
  }
  return failure
}
