/**
 * Faults that tests can inject. A fault replaces the broker for one request: it may let the broker handle it
 * (`exchange.proceed()`) before, after or instead of doing something else. No fault waits for time to pass: a delay
 * ends when a promise of the test settles.
 */
import type { Distortion, Exchange, Reply, Target } from './exchange.ts'
import type { MetadataRequest, MetadataResponse } from './protocol/apis/metadata.ts'
import type { ProduceRequest, ProduceResponse } from './protocol/apis/produce.ts'

/** Handles a request instead of the broker. */
export type Fault<Request, Response> = (
  exchange: Exchange<Request, Response>,
) => Reply<Response> | Promise<Reply<Response>>

/** A fault that suits requests of every kind. */
export type AnyFault = <Request, Response>(
  exchange: Exchange<Request, Response>,
) => Promise<Reply<Response>>

/** The part of a request that a fault applies to; a missing field matches everything. */
export interface TargetFilter {
  readonly topic?: string
  readonly partition?: number
}

function matching({ topic, partition }: TargetFilter): (target: Target) => boolean {
  return (target) =>
    (topic === undefined || target.topic === topic) &&
    (partition === undefined || target.partition === partition)
}

/**
 * Answers an error code. Of a Produce request, the matching partitions are not stored and the others
 * are handled as usual; other requests are handled and their error fields overwritten.
 */
export function error(errorCode: number, where: TargetFilter = {}): AnyFault {
  return (exchange) => exchange.refuse(errorCode, matching(where))
}

/** Stores the records of the matching partitions and still answers an error code. */
export function errorAfterStoring(
  errorCode: number,
  where: TargetFilter = {},
): Fault<ProduceRequest, ProduceResponse> {
  const matches = matching(where)
  return rewrite((response) => ({
    ...response,
    topics: response.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) =>
        matches({ topic: name, partition: partition.index })
          ? { ...partition, errorCode, baseOffset: -1n }
          : partition,
      ),
    })),
  }))
}

/** Holds the request back until the promise settles, then handles it. */
export function delay(until: Promise<unknown>): AnyFault {
  return async (exchange) => {
    await until.catch(() => undefined)
    return exchange.proceed()
  }
}

/** Handles the request at once, and holds the answer back until the promise settles. */
export function delayAnswer(until: Promise<unknown>): AnyFault {
  return async (exchange) => {
    const reply = await exchange.proceed()
    await until.catch(() => undefined)
    return reply
  }
}

/** Answers neither this request nor later ones on the same connection, and does not handle it. */
export function hang(): AnyFault {
  return () => new Promise(() => undefined)
}

/** Handles the request, then answers neither it nor later ones on the same connection. */
export function hangAfterHandling(): AnyFault {
  return async (exchange) => {
    await exchange.proceed()
    return new Promise(() => undefined)
  }
}

/** Closes the connection without handling the request; with `withReset`, by a TCP reset. */
export function cutBefore({ withReset = false } = {}): AnyFault {
  return () => Promise.resolve({ kind: 'cut', withReset })
}

/** Handles the request, then closes the connection in place of an answer. */
export function cutAfter({ withReset = false } = {}): AnyFault {
  return async (exchange) => {
    await exchange.proceed()
    return { kind: 'cut', withReset }
  }
}

/** Sends the first `lengthBytes` of the answer, then closes the connection. */
export function cutWithin(lengthBytes: number): AnyFault {
  return distort((frame) => [frame.subarray(0, lengthBytes)], true)
}

/**
 * Sends the first `lengthBytes` of the answer, but never all of it, then nothing more; the connection stays open.
 */
export function silentWithin(lengthBytes: number): AnyFault {
  return async (exchange) => {
    const reply = await exchange.proceed()
    if (reply.kind !== 'answer') return reply
    const distort = (frame: Buffer): readonly Buffer[] => [
      frame.subarray(0, Math.min(lengthBytes, frame.length - 1)),
    ]
    return { ...reply, distort, thenHang: true }
  }
}

/** Sends the answer in pieces of `pieceBytes`, each flushed on its own. */
export function slice(pieceBytes: number): AnyFault {
  return distort((frame) =>
    Array.from({ length: Math.ceil(frame.length / pieceBytes) }, (_, index) =>
      frame.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    ),
  )
}

/** Sends these bytes in place of the answer. */
export function garbage(bytes: Buffer): AnyFault {
  return distort(() => [bytes])
}

/** Answers with a well-formed frame whose body is these bytes. */
export function garbageBody(bytes: Buffer): AnyFault {
  return distort((frame) => {
    const head = Buffer.from(frame.subarray(0, 8))
    head.writeInt32BE(4 + bytes.length, 0)
    return [Buffer.concat([head, bytes])]
  })
}

/** Answers under another correlation id. */
export function wrongCorrelationId(correlationId: number): AnyFault {
  return distort((frame) => {
    const wrong = Buffer.from(frame)
    wrong.writeInt32BE(correlationId, 4)
    return [wrong]
  })
}

/** Answers with a frame that claims to be `lengthBytes` long. */
export function wrongLength(lengthBytes: number): AnyFault {
  return distort((frame) => {
    const wrong = Buffer.from(frame)
    wrong.writeInt32BE(lengthBytes, 0)
    return [wrong]
  })
}

/** Tells the client that it was throttled. The answer itself is not held back. */
export function throttle<Response extends { readonly throttleTimeMs: number }>(
  throttleTimeMs: number,
): Fault<unknown, Response> {
  return rewrite((response) => ({ ...response, throttleTimeMs }))
}

/** Handles the request and changes the response. */
export function rewrite<Response>(
  change: (response: Response) => Response,
): Fault<unknown, Response> {
  return async (exchange) => {
    const reply = await exchange.proceed()
    return reply.kind === 'answer' ? { ...reply, response: change(reply.response) } : reply
  }
}

/** False statements about a topic. */
export interface MetadataLie extends TargetFilter {
  /** Leaves the topic out. */
  readonly isOmitted?: boolean
  /** Error of the whole topic; its partitions are left out. */
  readonly topicErrorCode?: number
  /** Error of the matching partitions. */
  readonly partitionErrorCode?: number
  /** Leader of the matching partitions; -1 is none. */
  readonly leaderId?: number
}

/** Answers false metadata about one topic, or about all. */
export function metadataLie(lie: MetadataLie): Fault<MetadataRequest, MetadataResponse> {
  const matches = matching(lie)
  const isAbout = (topic: string | null): boolean => lie.topic === undefined || topic === lie.topic
  return rewrite((response) => ({
    ...response,
    topics: response.topics
      .filter(({ name }) => !(lie.isOmitted === true && isAbout(name)))
      .map((topic) => {
        if (!isAbout(topic.name)) return topic
        if (lie.topicErrorCode !== undefined) {
          return { ...topic, errorCode: lie.topicErrorCode, partitions: [] }
        }
        const partitions = topic.partitions.map((partition) =>
          matches({ topic: topic.name ?? '', partition: partition.index })
            ? {
                ...partition,
                errorCode: lie.partitionErrorCode ?? partition.errorCode,
                leaderId: lie.leaderId ?? partition.leaderId,
              }
            : partition,
        )
        return { ...topic, partitions }
      }),
  }))
}

function distort(distortion: Distortion, thenCut = false): AnyFault {
  return async (exchange) => {
    const reply = await exchange.proceed()
    return reply.kind === 'answer' ? { ...reply, distort: distortion, thenCut } : reply
  }
}
