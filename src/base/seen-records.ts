/** What the page of the embedded broker shows of topics and records, and where it comes from. All of it can be sent as JSON. */

/** Some bytes, as people can read them. */
export interface SeenBytes {
  /** The beginning of the bytes: UTF-8 text as it is, anything else in base64. */
  readonly shown: string
  readonly isText: boolean
  /** How many bytes there are. */
  readonly bytes: number
  /** How many of them are shown. */
  readonly shownBytes: number
}

/** A header of a record. */
export interface SeenHeader {
  readonly name: string
  readonly value: SeenBytes | null
}

/** A record of a topic. */
export interface SeenRecord {
  readonly topic: string
  readonly partition: number
  /** A decimal number, which may be larger than JavaScript can count to. */
  readonly offset: string
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: SeenBytes | null
  readonly value: SeenBytes | null
  readonly headers: readonly SeenHeader[]
  /** How many further headers it has. */
  readonly moreHeaders: number
}

/** A topic, and how much is in it. */
export interface SeenTopic {
  readonly name: string
  readonly partitions: number
  readonly records: number
}

/** What is there at one moment. */
export interface SeenRecords {
  /** To be asked about next time, so that only newer records are found. */
  readonly position: number
  readonly topics: readonly SeenTopic[]
  /** The newest records since the former position, in the order in which they arrived: at most {@link MAX_SEEN_RECORDS}. */
  readonly records: readonly SeenRecord[]
}

/** Looks into the embedded broker, from whichever process. */
export interface RecordsSource {
  /**
   * Looks for topics, and for records that are newer than a position.
   *
   * @param topic - whose records; `undefined` for those of all topics.
   * @param after - the position; 0 for whatever is there.
   */
  look(topic: string | undefined, after: number): SeenRecords | Promise<SeenRecords>
}

/** As many records as a page shows. */
export const MAX_SEEN_RECORDS = 50
