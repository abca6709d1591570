/** Draws a fault for one request, and injects it into the embedded broker. */
import {
  fault as faults,
  type TestCluster,
  type ControlOptions,
  type Control,
} from '@kprf/embedded-broker/testing'
import type { SeededRandom } from '../support/random.ts'
import type { AnyFaultPlan, FaultPlan, FaultyApi } from './schedule.ts'

/** Errors from every class of the retry policy: leader moved, broker lost, transient, permanent, one record's. */
const PRODUCE_ERRORS = [
  3, 5, 6, 8, 9, 56, 7, 19, 20, 2, -1, 1, 17, 21, 29, 74, 10, 18, 32, 87, 45, 47, 59, 12_345,
]
/** Errors with which a broker may have stored the records; the last is unknown to kprf. */
const INDEFINITE_ERRORS = [7, 20, 56, -1, 13, 60, 12_345]
const ANY_KINDS = [
  ...(['cutBefore', 'cutAfter', 'cutWithin', 'slice', 'wrongLength', 'delay'] as const),
  ...(['delayAnswer', 'garbage', 'garbageBody', 'wrongCorrelationId'] as const),
  ...(['hang', 'hangAfterHandling', 'silentWithin', 'silentWithin'] as const),
] as const
/** Produce, Metadata, InitProducerId and SaslHandshake: all requests that kprf may send. */
const API_KEYS = [0, 0, 0, 3, 22, 17]
const TOPIC_ERRORS = [3, 5, 7, -1, 17, 29]
const PARTITION_ERRORS = [5, 6, 9]
/** Not the id of any broker. */
const STRANGE_BROKER_ID = 99
const MAX_GARBAGE_BYTES = 40

/** Draws a fault that suits the request. */
export function drawFault(dice: SeededRandom, api: FaultyApi, brokers: number): FaultPlan {
  if (api === 'Metadata' && dice.chance(0.5)) return drawLie(dice, brokers)
  if (api === 'Produce' && dice.chance(0.4)) return drawProduceFault(dice)
  const kind = dice.pick(ANY_KINDS)
  switch (kind) {
    case 'cutBefore':
    case 'cutAfter':
      return { kind, withReset: dice.chance(0.5) }
    case 'cutWithin':
      return { kind, bytes: dice.between(0, 60) }
    case 'silentWithin':
      return { kind, bytes: dice.between(1, 60) }
    case 'slice':
      return { kind, bytes: dice.between(1, 9) }
    case 'wrongLength':
      return { kind, bytes: dice.pick([-1, 0, 3, 4, 10, 1_000, 2_147_483_647]) }
    case 'delay':
    case 'delayAnswer':
      return { kind, ms: dice.pick([dice.between(1, 50), dice.between(50, 900)]) }
    case 'garbage':
    case 'garbageBody':
      return { kind, hex: drawBytes(dice).toString('hex') }
    case 'wrongCorrelationId':
      return { kind, correlationId: dice.between(-5, 500) }
    case 'hang':
    case 'hangAfterHandling':
      return { kind }
  }
}

/** Draws a false answer about the API versions of a broker. */
export function drawVersionsLie(dice: SeededRandom): FaultPlan {
  return { kind: 'without', apiKey: dice.pick(API_KEYS) }
}

function drawProduceFault(dice: SeededRandom): FaultPlan {
  const kind = dice.pick(['error', 'error', 'error', 'errorAfterStoring', 'throttle', 'omit'])
  if (kind === 'error') return { kind, code: dice.pick(PRODUCE_ERRORS) }
  if (kind === 'errorAfterStoring') return { kind, code: dice.pick(INDEFINITE_ERRORS) }
  return kind === 'throttle' ? { kind, ms: dice.between(1, 300) } : { kind: 'omit' }
}

function drawLie(dice: SeededRandom, brokers: number): FaultPlan {
  const leaderId = dice.pick([-1, STRANGE_BROKER_ID, dice.between(1, brokers)])
  return {
    kind: 'lie',
    ...dice.pick([
      { isOmitted: true },
      { topicErrorCode: dice.pick(TOPIC_ERRORS) },
      { partitionErrorCode: dice.pick(PARTITION_ERRORS), leaderId: -1 },
      { leaderId },
    ]),
  }
}

function drawBytes(dice: SeededRandom): Buffer {
  const bytes = Array.from({ length: dice.between(0, MAX_GARBAGE_BYTES) }, () =>
    dice.between(0, 255),
  )
  return Buffer.from(bytes)
}

/** Activates a fault. @param wait - resolves after this many milliseconds. */
export function arm(
  cluster: TestCluster,
  api: FaultyApi,
  plan: FaultPlan,
  options: ControlOptions,
  wait: (ms: number) => Promise<void>,
): Control {
  switch (plan.kind) {
    case 'errorAfterStoring':
      return cluster.control('Produce', faults.errorAfterStoring(plan.code), options)
    case 'throttle':
      return cluster.control('Produce', faults.throttle(plan.ms), options)
    case 'omit':
      return cluster.control(
        'Produce',
        faults.rewrite((answer) => ({ ...answer, topics: [] })),
        options,
      )
    case 'lie':
      return cluster.control('Metadata', faults.metadataLie(plan), options)
    case 'without':
      return cluster.control(
        'ApiVersions',
        faults.rewrite((answer) => ({
          ...answer,
          apis: answer.apis.filter(({ key }) => key !== plan.apiKey),
        })),
        options,
      )
    case 'cutBefore':
    case 'cutAfter':
    case 'cutWithin':
    case 'silentWithin':
    case 'slice':
    case 'wrongLength':
    case 'error':
    case 'delay':
    case 'delayAnswer':
    case 'garbage':
    case 'garbageBody':
    case 'wrongCorrelationId':
    case 'hang':
    case 'hangAfterHandling':
      return cluster.control(api, anyFault(plan, wait), options)
  }
}

function anyFault(plan: AnyFaultPlan, wait: (ms: number) => Promise<void>): faults.AnyFault {
  switch (plan.kind) {
    case 'cutBefore':
      return faults.cutBefore(plan)
    case 'cutAfter':
      return faults.cutAfter(plan)
    case 'cutWithin':
      return faults.cutWithin(plan.bytes)
    case 'silentWithin':
      return faults.silentWithin(plan.bytes)
    case 'slice':
      return faults.slice(plan.bytes)
    case 'wrongLength':
      return faults.wrongLength(plan.bytes)
    case 'error':
      return faults.error(plan.code)
    case 'delay':
      // Each request with this fault waits that long.
      return (exchange) => faults.delay(wait(plan.ms))(exchange)
    case 'delayAnswer':
      return (exchange) => faults.delayAnswer(wait(plan.ms))(exchange)
    case 'garbage':
      return faults.garbage(Buffer.from(plan.hex, 'hex'))
    case 'garbageBody':
      return faults.garbageBody(Buffer.from(plan.hex, 'hex'))
    case 'wrongCorrelationId':
      return faults.wrongCorrelationId(plan.correlationId)
    case 'hang':
      return faults.hang()
    case 'hangAfterHandling':
      return faults.hangAfterHandling()
  }
}
