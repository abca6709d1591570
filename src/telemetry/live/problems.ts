import type { LiveProblem, TopicFailure } from '../../base/live-sample.ts'
import { MAX_TOPIC_LABELS } from '../metrics/topic-labels.ts'
import { kindOf, type ProblemCode } from './problem-kinds.ts'

/** Names of topics that are kept with each problem. */
export const MAX_TOPICS_OF_PROBLEM = 3

/** Problems that are older are not shown, ms: an hour. */
export const FORGET_AFTER_MS = 3_600_000

/** Most characters of a text that is kept. */
const MAX_TEXT = 300

/** What is known of one thing that went wrong. */
export interface Trouble {
  readonly code: ProblemCode
  /** @defaultValue nothing is known beyond the code */
  readonly text?: string | undefined
  /** What to do. @defaultValue what the code says */
  readonly remedy?: string | undefined
  /** @defaultValue it has no topic */
  readonly topic?: string | undefined
  /** @defaultValue it did not happen to records */
  readonly records?: number
  /** @defaultValue it did not happen to requests */
  readonly requests?: number
}

interface Entry {
  text: string
  remedy: string
  /** Newest first. */
  topics: string[]
  records: number
  requests: number
  times: number
  lastMs: number
}

/**
 * Remembers what went wrong lately, for the page: one entry for each code, however many topics, clients and words
 * there are, and the last failure of each topic that has a label in the metrics. So nobody can fill it.
 */
export class Problems {
  readonly #entries = new Map<ProblemCode, Entry>()
  /** By label; the one that failed last is the last. */
  readonly #topicFailures = new Map<string, TopicFailure>()
  readonly #labelOf: (topic: string) => string
  readonly #now: () => number

  /**
   * @param labelOf - the label of a topic in the metrics.
   * @param now - ms since 1970.
   */
  constructor(labelOf: (topic: string) => string, now: () => number) {
    this.#labelOf = labelOf
    this.#now = now
  }

  /** Remembers it. */
  add({ code, text = '', remedy, topic, records = 0, requests = 0 }: Trouble): void {
    const nowMs = this.#now()
    const entry = this.#entryOf(code, nowMs)
    entry.text = text.slice(0, MAX_TEXT)
    entry.remedy = remedy ?? kindOf(code).remedy
    entry.records += records
    entry.requests += requests
    entry.times += 1
    entry.lastMs = nowMs
    if (topic === undefined) return
    if (entry.topics[0] !== topic) {
      const others = entry.topics.filter((other) => other !== topic)
      entry.topics = [topic, ...others].slice(0, MAX_TOPICS_OF_PROBLEM)
    }
  }

  /** The same for records of a topic, which is the last failure of that topic. */
  addRecords(trouble: Trouble & { readonly topic: string; readonly records: number }): void {
    this.add(trouble)
    const { code, text = '', topic } = trouble
    const label = this.#labelOf(topic)
    this.#topicFailures.delete(label)
    this.#topicFailures.set(label, { code, text: text.slice(0, MAX_TEXT), lastMs: this.#now() })
    if (this.#topicFailures.size <= MAX_TOPIC_LABELS + 1) return
    // Labels are used again for other topics.
    const [oldest] = this.#topicFailures.keys()
    if (oldest !== undefined) this.#topicFailures.delete(oldest)
  }

  /** What went wrong lately, newest first. */
  list(): readonly LiveProblem[] {
    const oldestMs = this.#now() - FORGET_AFTER_MS
    for (const [code, { lastMs }] of this.#entries) {
      if (lastMs < oldestMs) this.#entries.delete(code)
    }
    return Array.from(this.#entries, ([code, entry]) => ({
      code,
      meaning: kindOf(code).meaning,
      ...entry,
    })).toSorted((one, other) => other.lastMs - one.lastMs)
  }

  /** The last failure of each topic, by its label. */
  topicFailures(): Readonly<Record<string, TopicFailure>> {
    const oldestMs = this.#now() - FORGET_AFTER_MS
    for (const [label, { lastMs }] of this.#topicFailures) {
      if (lastMs < oldestMs) this.#topicFailures.delete(label)
    }
    return Object.fromEntries(this.#topicFailures)
  }

  #entryOf(code: ProblemCode, nowMs: number): Entry {
    const known = this.#entries.get(code)
    // What was forgotten begins again.
    if (known !== undefined && nowMs - known.lastMs <= FORGET_AFTER_MS) return known
    const { remedy } = kindOf(code)
    const entry = { text: '', remedy, topics: [], records: 0, requests: 0, times: 0, lastMs: nowMs }
    this.#entries.set(code, entry)
    return entry
  }
}
