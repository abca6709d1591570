/** One request and its reply, as handlers and faults see them. */

/** A topic that a request names, with the partition if it names one. */
export interface Target {
  readonly topic: string
  readonly partition?: number
}

/** What is known of a request besides its body. */
export interface ReceivedRequest {
  /** Kafka's name of the request, such as `Produce`. */
  readonly api: string
  readonly apiKey: number
  readonly version: number
  readonly brokerId: number
  /** Counted from 1 over all brokers. */
  readonly connectionId: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Bytes of the frame without its length. */
  readonly sizeBytes: number
  readonly targets: readonly Target[]
}

/** Turns a whole frame, its length included, into the pieces to be written one after another. */
export type Distortion = (frame: Buffer) => readonly Buffer[]

/**
 * The reply to a request.
 *
 * - `answer`: the response is sent, in one piece unless a distortion says otherwise. Afterwards the connection may be
 *   closed (`thenCut`) or never served again (`thenHang`).
 * - `none`: nothing is sent and the connection continues, as with acks 0.
 * - `cut`: the connection is closed.
 */
export type Reply<Response> =
  | {
      readonly kind: 'answer'
      readonly response: Response
      readonly distort?: Distortion
      readonly thenCut?: boolean
      readonly thenHang?: boolean
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'cut'; readonly withReset?: boolean }

/** A request on its way to its handler. */
export interface Exchange<Request, Response> {
  readonly received: ReceivedRequest
  readonly request: Request
  /** Lets the broker handle this request, or the given one instead. */
  proceed(request?: Request): Promise<Reply<Response>>
  /** Answers with an error code, for the whole request or for the matching part. */
  refuse(errorCode: number, matches: (target: Target) => boolean): Promise<Reply<Response>>
}

/** The reply that sends this response. */
export function answer<Response>(response: Response): Reply<Response> {
  return { kind: 'answer', response }
}

/** The topics and partitions that a decoded request names under `topics`. */
export function targetsOf(request: unknown): readonly Target[] {
  if (!hasField(request, 'topics') || !Array.isArray(request.topics)) return []
  return request.topics.flatMap((topic: unknown) => topicTargets(topic))
}

function topicTargets(topic: unknown): readonly Target[] {
  if (!hasField(topic, 'name') || typeof topic.name !== 'string') return []
  const { name } = topic
  if (!hasField(topic, 'partitions') || !Array.isArray(topic.partitions)) return [{ topic: name }]
  return topic.partitions.flatMap((partition: unknown) => {
    const index = hasField(partition, 'index') ? partition.index : partition
    return typeof index === 'number' ? [{ topic: name, partition: index }] : []
  })
}

function hasField<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, unknown>> {
  return typeof value === 'object' && value !== null && name in value
}
