import type { Api } from '../../src/protocol/api.ts'
import { apiVersionsApi } from '../../src/protocol/apis/api-versions.ts'
import { describeClusterApi, describeConfigsApi } from '../../src/protocol/apis/describe.ts'
import { fetchApi } from '../../src/protocol/apis/fetch.ts'
import { findCoordinatorApi } from '../../src/protocol/apis/find-coordinator.ts'
import {
  deleteGroupsApi,
  describeGroupsApi,
  listGroupsApi,
} from '../../src/protocol/apis/group-administration.ts'
import {
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from '../../src/protocol/apis/group-membership.ts'
import { offsetCommitApi, offsetFetchApi } from '../../src/protocol/apis/group-offsets.ts'
import { initProducerIdApi } from '../../src/protocol/apis/init-producer-id.ts'
import { listOffsetsApi } from '../../src/protocol/apis/list-offsets.ts'
import { metadataApi } from '../../src/protocol/apis/metadata.ts'
import { produceApi } from '../../src/protocol/apis/produce.ts'
import { saslAuthenticateApi, saslHandshakeApi } from '../../src/protocol/apis/sasl.ts'
import {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
} from '../../src/protocol/apis/topic-administration.ts'
import { produceRequest } from './produce.ts'
import { fetchRequest, listOffsetsRequest, metadataRequest } from './requests.ts'

/** An API and a request that a well-behaved client could send. */
export interface Sample {
  readonly api: Api<unknown, unknown>
  readonly request: unknown
}

function sample<Request>(api: Api<Request, unknown>, request: Request): Sample {
  return { api, request }
}

const group = { groupId: 'g', groupInstanceId: null, generationId: 1, memberId: 'm' }
const NO_ID = '0'.repeat(32)

/** One request of every kind that the broker serves. Tokens come after the handshake. */
export const everyRequest: readonly Sample[] = [
  sample(apiVersionsApi, { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }),
  sample(metadataApi, metadataRequest(['orders'])),
  sample(produceApi, produceRequest('orders', 0)),
  sample(fetchApi, fetchRequest('orders', 0n)),
  sample(listOffsetsApi, listOffsetsRequest('orders', -1n)),
  sample(initProducerIdApi, {
    transactionalId: null,
    transactionTimeoutMs: 0,
    producerId: -1n,
    producerEpoch: -1,
  }),
  sample(findCoordinatorApi, { key: 'g', keyType: 0, keys: ['g'] }),
  sample(joinGroupApi, {
    ...group,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('x') }],
    reason: null,
  }),
  sample(syncGroupApi, {
    ...group,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: 'm', assignment: Buffer.from('x') }],
  }),
  sample(heartbeatApi, group),
  sample(leaveGroupApi, {
    ...group,
    members: [{ memberId: 'm', groupInstanceId: null, reason: null }],
  }),
  sample(offsetCommitApi, {
    ...group,
    generationId: -1,
    retentionTimeMs: -1n,
    topics: [
      { name: 'orders', partitions: [{ index: 0, offset: 5n, leaderEpoch: 0, metadata: 'm' }] },
    ],
  }),
  sample(offsetFetchApi, {
    groupId: 'g',
    topics: [{ name: 'orders', partitions: [0] }],
    groups: [{ groupId: 'g', topics: null }],
    requireStable: false,
  }),
  sample(listGroupsApi, { states: [] }),
  sample(describeGroupsApi, { groupIds: ['g'], includeAuthorizedOperations: false }),
  sample(deleteGroupsApi, { groupIds: ['nobody'] }),
  sample(createTopicsApi, {
    topics: [
      {
        name: 'made',
        partitionCount: -1,
        replicationFactor: -1,
        assignments: [],
        configs: [{ name: 'retention.ms', value: '1' }],
      },
    ],
    timeoutMs: 1000,
    validateOnly: false,
  }),
  sample(createPartitionsApi, {
    topics: [{ name: 'made', count: 9, assignments: null }],
    timeoutMs: 1000,
    validateOnly: false,
  }),
  sample(deleteTopicsApi, {
    topics: [{ name: 'made', id: NO_ID }],
    names: ['made'],
    timeoutMs: 1000,
  }),
  sample(describeConfigsApi, {
    resources: [{ type: 2, name: 'orders', keys: null }],
    includeSynonyms: true,
    includeDocumentation: true,
  }),
  sample(describeClusterApi, { includeAuthorizedOperations: false, endpointType: 1 }),
  sample(saslHandshakeApi, { mechanism: 'PLAIN' }),
  sample(saslAuthenticateApi, { token: Buffer.from('\0alice\0secret') }),
]
