/** `POST /push` as clients see it: bodies and replies, with the names of the API. */

/** Body of a push, not yet JSON. */
export interface Push {
  readonly records: readonly PushedRecord[]
  readonly wait_for_send?: boolean
  readonly return_offsets?: boolean
}

/** One record of a push, with the names of the API. */
export interface PushedRecord {
  readonly topic: string
  readonly data: string | null
  readonly key?: string | null
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly timestamp?: number
  readonly encoding?: 'utf8' | 'base64'
}

/** Answer to a push. */
export interface PushReply {
  readonly status: number
  readonly body: PushReplyBody
}

/** The JSON of a {@link PushReply}. */
export interface PushReplyBody {
  readonly status: 'ok' | 'error'
  readonly errors: readonly RecordOutcome[]
  readonly errors_from?: number
  readonly errors_omitted?: number
  readonly texts_omitted?: number
  readonly offsets?: readonly (RecordOffset | null)[]
  readonly error_code?: number
  readonly message?: string
}

/** The element of a failed push for one record. */
export interface RecordOutcome {
  readonly status: 'ok' | 'error'
  /** Missing if `texts_omitted` counts it. */
  readonly error?: string
  readonly error_code?: number
  /** For a failed record: whether Kafka may still have it. */
  readonly outcome?: 'not_persisted' | 'unknown'
}

/** The place of a record, from the reply. */
export interface RecordOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: string | null
  readonly timestamp: number
}
