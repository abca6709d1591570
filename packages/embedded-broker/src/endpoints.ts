/** Every request kind the broker serves. */
import type { ClusterParts } from './cluster-parts.ts'
import type { Endpoint } from './endpoint.ts'
import { apiVersionsEndpoint } from './handlers/api-versions.ts'
import { describeClusterEndpoint, describeConfigsEndpoint } from './handlers/describe.ts'
import { groupAdministrationEndpoints } from './handlers/group-administration.ts'
import { topicAdministrationEndpoints } from './handlers/topic-administration.ts'
import { fetchEndpoint } from './handlers/fetch.ts'
import { findCoordinatorEndpoint } from './handlers/find-coordinator.ts'
import { groupMembershipEndpoints } from './handlers/group-membership.ts'
import { groupOffsetsEndpoints } from './handlers/group-offsets.ts'
import { initProducerIdEndpoint } from './handlers/init-producer-id.ts'
import { listOffsetsEndpoint } from './handlers/list-offsets.ts'
import { metadataEndpoint } from './handlers/metadata.ts'
import { produceEndpoint } from './handlers/produce.ts'
import { saslAuthenticateEndpoint, saslHandshakeEndpoint } from './handlers/sasl.ts'
import type { RequestOf, ResponseOf } from './protocol/api.ts'
import type { apiVersionsApi } from './protocol/apis/api-versions.ts'
import type { describeClusterApi, describeConfigsApi } from './protocol/apis/describe.ts'
import type {
  deleteGroupsApi,
  describeGroupsApi,
  listGroupsApi,
} from './protocol/apis/group-administration.ts'
import type {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
} from './protocol/apis/topic-administration.ts'
import type { fetchApi } from './protocol/apis/fetch.ts'
import type { findCoordinatorApi } from './protocol/apis/find-coordinator.ts'
import type {
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from './protocol/apis/group-membership.ts'
import type { offsetCommitApi, offsetFetchApi } from './protocol/apis/group-offsets.ts'
import type { initProducerIdApi } from './protocol/apis/init-producer-id.ts'
import type { listOffsetsApi } from './protocol/apis/list-offsets.ts'
import type { metadataApi } from './protocol/apis/metadata.ts'
import type { produceApi } from './protocol/apis/produce.ts'
import type { saslAuthenticateApi, saslHandshakeApi } from './protocol/apis/sasl.ts'

/** The APIs by name, for the types of faults. */
interface Apis {
  readonly Produce: typeof produceApi
  readonly Fetch: typeof fetchApi
  readonly ListOffsets: typeof listOffsetsApi
  readonly Metadata: typeof metadataApi
  readonly OffsetCommit: typeof offsetCommitApi
  readonly OffsetFetch: typeof offsetFetchApi
  readonly FindCoordinator: typeof findCoordinatorApi
  readonly JoinGroup: typeof joinGroupApi
  readonly Heartbeat: typeof heartbeatApi
  readonly LeaveGroup: typeof leaveGroupApi
  readonly SyncGroup: typeof syncGroupApi
  readonly SaslHandshake: typeof saslHandshakeApi
  readonly ApiVersions: typeof apiVersionsApi
  readonly DescribeGroups: typeof describeGroupsApi
  readonly ListGroups: typeof listGroupsApi
  readonly CreateTopics: typeof createTopicsApi
  readonly DeleteTopics: typeof deleteTopicsApi
  readonly InitProducerId: typeof initProducerIdApi
  readonly DescribeConfigs: typeof describeConfigsApi
  readonly SaslAuthenticate: typeof saslAuthenticateApi
  readonly CreatePartitions: typeof createPartitionsApi
  readonly DeleteGroups: typeof deleteGroupsApi
  readonly DescribeCluster: typeof describeClusterApi
}

/** Kafka's names of the requests served. */
export type ApiName = keyof Apis

/** The body of a request. */
export type RequestBody<Name extends ApiName> = RequestOf<Apis[Name]>

/** The body of a response. */
export type ResponseBody<Name extends ApiName> = ResponseOf<Apis[Name]>

/** Builds the endpoints of a cluster. */
export function createEndpoints(parts: ClusterParts): readonly Endpoint[] {
  const endpoints: Endpoint[] = [
    produceEndpoint(parts),
    fetchEndpoint(parts),
    listOffsetsEndpoint(parts),
    metadataEndpoint(parts),
    ...groupOffsetsEndpoints(parts),
    findCoordinatorEndpoint(parts),
    ...groupMembershipEndpoints(parts),
    saslHandshakeEndpoint(),
    apiVersionsEndpoint(() => endpoints.map(({ api }) => api)),
    initProducerIdEndpoint(),
    saslAuthenticateEndpoint(),
    ...topicAdministrationEndpoints(parts),
    ...groupAdministrationEndpoints(parts),
    describeConfigsEndpoint(parts),
    describeClusterEndpoint(parts),
  ]
  return endpoints
}
