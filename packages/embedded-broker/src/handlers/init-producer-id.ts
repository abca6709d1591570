/** Serves InitProducerId for idempotent producers. There are no transactions. */
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import { initProducerIdApi } from '../protocol/apis/init-producer-id.ts'
import { ErrorCode } from '../protocol/error-code.ts'

/** The InitProducerId endpoint; every call gives a new id, as Kafka does without a transactional id. */
export function initProducerIdEndpoint(): Endpoint {
  let nextId = 0n
  return endpoint(initProducerIdApi, ({ transactionalId }) => {
    if (transactionalId !== null) {
      const errorCode = ErrorCode.INVALID_REQUEST
      return answer({ throttleTimeMs: 0, errorCode, producerId: -1n, producerEpoch: -1 })
    }
    const producerId = nextId
    nextId += 1n
    return answer({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 })
  })
}
