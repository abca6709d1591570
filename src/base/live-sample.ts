/** What the page shows, of one process or of several together. */

/** Records and pushes counted since the start. */
export interface LiveCounts {
  /** Pushes by how they were answered: 2xx, 4xx, and 5xx. */
  readonly pushes: { readonly served: number; readonly refused: number; readonly failed: number }
  /** Pushes by the bucket of their duration, as in `/metrics`, but not cumulative. */
  readonly pushDurations: readonly number[]
  /** Records by the bucket of the time from their admission to their report. */
  readonly deliveryDurations: readonly number[]
  /** Records that were not admitted. */
  readonly rejected: number
  /** Records that were sent again. */
  readonly retried: number
  /** By the label of the topic, as in `/metrics`. */
  readonly topics: Readonly<Record<string, TopicCounts>>
}

/** Records of one topic, or of all without a label of their own. */
export interface TopicCounts {
  readonly received: number
  readonly delivered: number
  /** Admitted and not delivered. */
  readonly failed: number
}

/** How full something is. */
export interface Fill {
  readonly used: number
  /** `undefined` if there is none. */
  readonly limit: number | undefined
}

/** What is in memory and on disk now. */
export interface LiveQueues {
  readonly records: Fill
  readonly bytes: Fill
  /** All memory that records hold. */
  readonly memory: Fill
  /** Time since the oldest record was admitted, ms; 0 if there is none. */
  readonly oldestAgeMs: number
  /** `undefined` without a write-ahead log. */
  readonly log: LiveLog | undefined
}

/** The write-ahead log. */
export interface LiveLog {
  readonly bytes: Fill
  /** Records that Kafka does not have yet. */
  readonly pendingRecords: number
  readonly oldestAgeMs: number
  /** What the disk has free; `undefined` if that is not known. */
  readonly freeBytes: number | undefined
  readonly isAccepting: boolean
}

/** One broker, as kprf sees it. */
export interface LiveBroker {
  /** `host:port`. */
  readonly address: string
  /** `undefined` while it is not known. */
  readonly nodeId: number | undefined
  /** `idle`: there is no connection, and none was needed. `down`: the last attempt failed, or the connection was lost. */
  readonly state: 'up' | 'connecting' | 'idle' | 'down'
  /** In words, why it is down; `undefined` if it is not. */
  readonly reason: string | undefined
  /** How long it has been in this state, ms. */
  readonly stateAgeMs: number
  /** Requests that were answered, and how long all of them took, ms; since the start. */
  readonly answers: number
  readonly roundTripMs: number
  /** How long the broker has asked kprf to wait, ms; since the start. */
  readonly throttleMs: number
}

/** A kind of thing that went wrong, with how often. */
export interface LiveProblem {
  /** An error code, or the name of a problem that no client is told of. */
  readonly code: string
  /** What the code means. */
  readonly meaning: string
  /** What is known of the last time, in words; empty if nothing is. */
  readonly text: string
  /** What to do, with names of keys in backticks. */
  readonly remedy: string
  /** The last topics that it happened to, newest first, a few at most. */
  readonly topics: readonly string[]
  /** Records and requests that it happened to; both 0 for what happens to neither. */
  readonly records: number
  readonly requests: number
  /** How often it happened, for what happens to neither. */
  readonly times: number
  /** When it last happened: ms since 1970. */
  readonly lastMs: number
}

/** The last failure of the records of one topic. */
export interface TopicFailure {
  readonly code: string
  readonly text: string
  /** Ms since 1970. */
  readonly lastMs: number
}

/** One check of `/readyz`. */
export interface LiveCheck {
  readonly name: string
  /** `undefined` if it passed. */
  readonly problem: string | undefined
}

/** One process that takes pushes. */
export interface LiveWorker {
  readonly slot: number
  readonly pid: number
  readonly state: 'accepting' | 'retiring' | 'starting'
  readonly queuedRecords: number
  readonly memoryBytes: number
}

/** What one process that takes pushes knows. */
export interface LiveProcess {
  readonly counts: LiveCounts
  readonly queues: LiveQueues
  readonly brokers: readonly LiveBroker[]
  readonly problems: readonly LiveProblem[]
  readonly topicFailures: Readonly<Record<string, TopicFailure>>
  /** Open connections of clients. */
  readonly connections: number
}

/** Everything that the page shows, at one moment. */
export interface LiveSample extends LiveProcess {
  /** On a clock that only goes forward. */
  readonly atMs: number
  readonly checks: readonly LiveCheck[]
  /** Empty in a single process. */
  readonly workers: readonly LiveWorker[]
}

/** What does not change while a process runs. */
export interface LiveIdentity {
  readonly version: string
  readonly commit: string
  /** `kafka.statistics_interval_ms` is more than 0. */
  readonly hasStatistics: boolean
  /** kprf runs on the embedded broker. */
  readonly isBrokerEmbedded: boolean
}

/** Where samples come from. */
export interface LiveSource {
  readonly identity: LiveIdentity
  take(): LiveSample | Promise<LiveSample>
}
