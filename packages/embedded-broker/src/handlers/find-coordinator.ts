/** Serves FindCoordinator. */
import type { ClusterParts } from '../cluster-parts.ts'
import type { Endpoint } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import { answer } from '../exchange.ts'
import type { FindCoordinatorResponse } from '../protocol/apis/find-coordinator.ts'
import { findCoordinatorApi, GROUP_KEY_TYPE } from '../protocol/apis/find-coordinator.ts'
import { ErrorCode } from '../protocol/error-code.ts'

type Coordinator = FindCoordinatorResponse['coordinators'][number]

/** First version whose requests name several keys. */
const BATCHED_FROM = 4

/** The FindCoordinator endpoint. */
export function findCoordinatorEndpoint({ coordinator }: ClusterParts): Endpoint {
  const find = (key: string, keyType: number): Coordinator => {
    if (keyType !== GROUP_KEY_TYPE) {
      return nowhere(key, ErrorCode.INVALID_REQUEST, 'the embedded broker has no transactions')
    }
    const broker = coordinator.brokerOf(key)
    if (!broker) return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, null)
    const { id, host, port } = broker
    return { key, nodeId: id, host, port, errorCode: ErrorCode.NONE, errorMessage: null }
  }
  return endpoint(findCoordinatorApi, ({ key, keyType, keys }, { version }) => {
    const single = find(key, keyType)
    const coordinators = keys.map((one) => find(one, keyType))
    const head = version < BATCHED_FROM ? single : nowhere('', ErrorCode.NONE, null)
    return answer({ throttleTimeMs: 0, ...head, coordinators })
  })
}

function nowhere(key: string, errorCode: number, errorMessage: string | null): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage }
}
