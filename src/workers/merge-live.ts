/** Merges what the page shows of several workers: counts are added, and of everything else the most telling counts. */
import { MAX_TOPICS_OF_PROBLEM } from '../telemetry/live/problems.ts'
import { DURATION_BUCKETS_MS } from '../base/duration-buckets.ts'
import type {
  Fill,
  LiveBroker,
  LiveCounts,
  LiveLog,
  LiveProblem,
  LiveProcess,
  LiveQueues,
  TopicCounts,
  TopicFailure,
} from '../base/live-sample.ts'

/** The same of several processes as of one. */
export function mergeLive(processes: readonly LiveProcess[]): LiveProcess {
  return {
    counts: mergeCounts(processes.map(({ counts }) => counts)),
    queues: mergeQueues(processes.map(({ queues }) => queues)),
    brokers: mergeBrokers(processes.flatMap(({ brokers }) => brokers)),
    problems: mergeProblems(processes.flatMap(({ problems }) => problems)),
    topicFailures: mergeFailures(processes.map(({ topicFailures }) => topicFailures)),
    connections: sum(processes, ({ connections }) => connections),
  }
}

/** Adds counts up. */
export function mergeCounts(all: readonly LiveCounts[]): LiveCounts {
  return {
    pushes: {
      served: sum(all, ({ pushes }) => pushes.served),
      refused: sum(all, ({ pushes }) => pushes.refused),
      failed: sum(all, ({ pushes }) => pushes.failed),
    },
    pushDurations: sumOfBins(all.map(({ pushDurations }) => pushDurations)),
    deliveryDurations: sumOfBins(all.map(({ deliveryDurations }) => deliveryDurations)),
    rejected: sum(all, ({ rejected }) => rejected),
    retried: sum(all, ({ retried }) => retried),
    topics: mergeTopics(all.flatMap(({ topics }) => Object.entries(topics))),
  }
}

function mergeTopics(
  entries: readonly (readonly [topic: string, counts: TopicCounts])[],
): Readonly<Record<string, TopicCounts>> {
  const byTopic = Map.groupBy(entries, ([topic]) => topic)
  return Object.fromEntries(
    Array.from(byTopic, ([topic, same]) => {
      const counts = same.map(([, ofOne]) => ofOne)
      const merged: TopicCounts = {
        received: sum(counts, ({ received }) => received),
        delivered: sum(counts, ({ delivered }) => delivered),
        failed: sum(counts, ({ failed }) => failed),
      }
      return [topic, merged]
    }),
  )
}

function sumOfBins(all: readonly (readonly number[])[]): readonly number[] {
  return Array.from({ length: DURATION_BUCKETS_MS.length + 1 }, (_, bin) =>
    sum(all, (bins) => bins[bin] ?? 0),
  )
}

/** The limits of the queue are those of all workers together; each log has its own. */
function mergeQueues(all: readonly LiveQueues[]): LiveQueues {
  const shared = (key: 'records' | 'bytes' | 'memory'): Fill => ({
    used: sum(all, (queues) => queues[key].used),
    limit: all.find((queues) => queues[key].limit !== undefined)?.[key].limit,
  })
  return {
    records: shared('records'),
    bytes: shared('bytes'),
    memory: shared('memory'),
    oldestAgeMs: Math.max(0, ...all.map(({ oldestAgeMs }) => oldestAgeMs)),
    log: mergeLogs(all.flatMap(({ log }) => log ?? [])),
  }
}

function mergeLogs(all: readonly LiveLog[]): LiveLog | undefined {
  if (all.length === 0) return undefined
  const free = all.flatMap(({ freeBytes }) => freeBytes ?? [])
  return {
    bytes: {
      used: sum(all, ({ bytes }) => bytes.used),
      limit: sum(all, ({ bytes }) => bytes.limit ?? 0),
    },
    pendingRecords: sum(all, ({ pendingRecords }) => pendingRecords),
    oldestAgeMs: Math.max(...all.map(({ oldestAgeMs }) => oldestAgeMs)),
    freeBytes: free.length === 0 ? undefined : Math.min(...free),
    isAccepting: all.every(({ isAccepting }) => isAccepting),
  }
}

/** A worker without records for a broker has no connection to it: the best of them, unless one finds it down. */
const STATES: readonly LiveBroker['state'][] = ['down', 'up', 'connecting', 'idle']

function mergeBrokers(all: readonly LiveBroker[]): readonly LiveBroker[] {
  return Array.from(Map.groupBy(all, ({ address }) => address).values(), (same) => {
    const first = same.toSorted((one, other) => rankOf(one) - rankOf(other))[0]
    return first === undefined
      ? []
      : {
          ...first,
          nodeId: same.find(({ nodeId }) => nodeId !== undefined)?.nodeId,
          answers: sum(same, ({ answers }) => answers),
          roundTripMs: sum(same, ({ roundTripMs }) => roundTripMs),
          throttleMs: sum(same, ({ throttleMs }) => throttleMs),
        }
  }).flat()
}

function rankOf({ state }: LiveBroker): number {
  return STATES.indexOf(state)
}

/** The newest words for each code. */
export function mergeProblems(all: readonly LiveProblem[]): readonly LiveProblem[] {
  const merged = Array.from(Map.groupBy(all, ({ code }) => code).values(), (same) => {
    const newestFirst = same.toSorted((one, other) => other.lastMs - one.lastMs)
    const topics = new Set(newestFirst.flatMap((problem) => problem.topics))
    return newestFirst.slice(0, 1).map((newest) => ({
      ...newest,
      topics: [...topics].slice(0, MAX_TOPICS_OF_PROBLEM),
      records: sum(same, ({ records }) => records),
      requests: sum(same, ({ requests }) => requests),
      times: sum(same, ({ times }) => times),
    }))
  }).flat()
  return merged.toSorted((one, other) => other.lastMs - one.lastMs)
}

function mergeFailures(
  all: readonly Readonly<Record<string, TopicFailure>>[],
): Readonly<Record<string, TopicFailure>> {
  const merged = new Map<string, TopicFailure>()
  for (const [topic, failure] of all.flatMap((failures) => Object.entries(failures))) {
    const known = merged.get(topic)
    if (known === undefined || known.lastMs < failure.lastMs) merged.set(topic, failure)
  }
  return Object.fromEntries(merged)
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0)
}
