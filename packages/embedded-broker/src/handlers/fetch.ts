/** Serves Fetch, and waits if there are too few records. Fetch sessions (KIP-227) are not supported. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import type { ReceivedRequest } from '../exchange.ts'
import { answer } from '../exchange.ts'
import { lookUpPartition } from '../partition-lookup.ts'
import type { FetchRequest, FetchResponse } from '../protocol/apis/fetch.ts'
import { fetchApi } from '../protocol/apis/fetch.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Session } from '../session.ts'

/** Most that one answer holds, as Kafka's `fetch.max.bytes`. */
const MAX_RESPONSE_BYTES = 57_671_680

const READ_COMMITTED = 1

type WantedPartition = FetchRequest['topics'][number]['partitions'][number]
type PartitionResponse = FetchResponse['topics'][number]['partitions'][number]

/** The Fetch endpoint. */
export function fetchEndpoint(parts: ClusterParts): Endpoint {
  return endpoint(fetchApi, async (request, received, session) => {
    // The broker opens no sessions, so a client cannot continue one.
    if (request.sessionEpoch > 0) {
      return answer(responseOf(ErrorCode.FETCH_SESSION_ID_NOT_FOUND, []))
    }
    let round = new FetchRound(parts, request, received, session)
    if (!round.isDue && request.maxWaitMs > 0) {
      await untilDue(parts, request, session, () => {
        round = new FetchRound(parts, request, received, session)
        return round.isDue
      })
    }
    return answer(responseOf(ErrorCode.NONE, round.topics))
  })
}

function responseOf(errorCode: number, topics: FetchResponse['topics']): FetchResponse {
  return { throttleTimeMs: 0, errorCode, sessionId: 0, topics }
}

/** Resolves when a change makes the answer due, after the client's longest wait, or when the client disconnects. */
function untilDue(
  { catalog, clock }: ClusterParts,
  { topics, maxWaitMs }: FetchRequest,
  { closed }: Session,
  isDue: () => boolean,
): Promise<void> {
  const partitions = topics.flatMap(({ name, partitions: wanted }) =>
    wanted.flatMap(({ index }) => catalog.partition(name, index) ?? []),
  )
  return new Promise((resolve) => {
    const finish = (): void => {
      cancelTimer()
      closed.removeEventListener('abort', finish)
      for (const stopListening of stops) stopListening()
      resolve()
    }
    const cancelTimer = clock.schedule(maxWaitMs, finish)
    closed.addEventListener('abort', finish)
    const stops = partitions.map(({ changed }) =>
      changed.listen(() => {
        if (isDue()) finish()
      }),
    )
  })
}

/** One pass over the partitions of a request, in the order the client gave them. */
class FetchRound {
  readonly topics: FetchResponse['topics']
  /** Whether the answer is due: it holds an error, or enough bytes. */
  readonly isDue: boolean
  readonly #parts: ClusterParts
  readonly #request: FetchRequest
  readonly #received: ReceivedRequest
  readonly #principal: string
  #sizeBytes = 0
  #hasError = false

  constructor(
    parts: ClusterParts,
    request: FetchRequest,
    received: ReceivedRequest,
    { principal }: Session,
  ) {
    this.#parts = parts
    this.#request = request
    this.#received = received
    this.#principal = principal
    this.topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((wanted) => this.#read(name, wanted)),
    }))
    this.isDue = this.#hasError || this.#sizeBytes >= request.minBytes
  }

  #read(topic: string, wanted: WantedPartition): PartitionResponse {
    const { index, currentLeaderEpoch, fetchOffset } = wanted
    const lookup = lookUpPartition(this.#parts.catalog, this.#parts.access, {
      topic,
      index,
      operation: 'read',
      principal: this.#principal,
      brokerId: this.#received.brokerId,
      leaderEpoch: currentLeaderEpoch,
    })
    if (lookup.kind === 'refused') return this.#refuse(index, lookup.errorCode)
    const { log } = lookup.partition
    if (fetchOffset < log.startOffset || fetchOffset > log.endOffset) {
      return this.#refuse(index, ErrorCode.OFFSET_OUT_OF_RANGE)
    }
    const batches = log.read(fetchOffset, {
      maxBytes: Math.min(wanted.maxBytes, this.#roomBytes()),
      // The first batch of an answer may exceed every limit, so that a consumer makes progress (KIP-74).
      isFirstWhole: this.#sizeBytes === 0,
    })
    for (const batch of batches) this.#sizeBytes += batch.length
    return {
      ...emptyPartition(index, ErrorCode.NONE),
      highWatermark: log.endOffset,
      lastStableOffset: log.endOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: this.#request.isolationLevel === READ_COMMITTED ? [] : null,
      records: Buffer.concat(batches),
    }
  }

  #roomBytes(): number {
    return Math.min(this.#request.maxBytes, MAX_RESPONSE_BYTES) - this.#sizeBytes
  }

  #refuse(index: number, errorCode: number): PartitionResponse {
    this.#hasError = true
    return emptyPartition(index, errorCode)
  }
}

function emptyPartition(index: number, errorCode: number): PartitionResponse {
  return {
    index,
    errorCode,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStartOffset: -1n,
    abortedTransactions: null,
    preferredReadReplica: -1,
    records: Buffer.alloc(0),
  }
}
