/**
 * The cluster and its topics in the API v3 of the Confluent REST Proxy:
 * https://docs.confluent.io/platform/current/kafka-rest/api.html#cluster-v3.
 */
import { ProxyError } from '../../../base/errors.ts'
import type { ClusterDirectory } from '../../../ingest/cluster-directory.ts'
import type { BodilessRoute, Call } from '../../edge/route.ts'
import { type ReadsOptions, readRoute, topicOf, topicsFor } from './read-route.ts'
import {
  clusterObject,
  clustersUrl,
  type LinkedCluster,
  listObject,
  topicObject,
  topicsUrl,
} from './v3-objects.ts'

/** Makes the routes. */
export function restV3Reads(options: ReadsOptions): readonly BodilessRoute[] {
  const { directory } = options
  return [
    readRoute(options, {
      path: '/v3/clusters',
      read: async (call) => {
        const cluster = await linkedCluster(call, directory)
        const clusters = cluster === undefined ? [] : [clusterObject(cluster)]
        return listObject('KafkaClusterList', clustersUrl(call.request), clusters)
      },
    }),
    readRoute(options, {
      path: '/v3/clusters/:cluster',
      isNamed: false,
      read: async (call) => clusterObject(await clusterOf(call, directory)),
    }),
    readRoute(options, {
      path: '/v3/clusters/:cluster/topics',
      isNamed: false,
      read: async (call) => {
        const cluster = await clusterOf(call, directory)
        const topics = await topicsFor(call, options)
        const objects = topics.map((topic) => topicObject(cluster, topic))
        return listObject('KafkaTopicList', topicsUrl(cluster), objects)
      },
    }),
    readRoute(options, {
      path: '/v3/clusters/:cluster/topics/:topic',
      isNamed: false,
      read: async (call) => {
        const cluster = await clusterOf(call, directory)
        return topicObject(cluster, await topicOf(call, options))
      },
    }),
  ]
}

/** The cluster of the path. @throws ProxyError `NOT_FOUND` if kprf is not connected to it. */
async function clusterOf(call: Call, directory: ClusterDirectory): Promise<LinkedCluster> {
  const cluster = await linkedCluster(call, directory)
  if (cluster !== undefined && cluster.clusterId === call.params['cluster']) return cluster
  throw new ProxyError('NOT_FOUND', 'kprf is not connected to a cluster with this id')
}

/** The only cluster; `undefined` if it has no id. */
async function linkedCluster(
  { request }: Call,
  directory: ClusterDirectory,
): Promise<LinkedCluster | undefined> {
  const { clusterId, ...cluster } = await directory.cluster()
  return clusterId === undefined
    ? undefined
    : { ...cluster, clusterId, listUrl: clustersUrl(request) }
}
