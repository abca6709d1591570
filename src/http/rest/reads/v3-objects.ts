/**
 * The objects of the API v3 of the Confluent REST Proxy: https://docs.confluent.io/platform/current/kafka-rest/api.html.
 * Their links say where that has more; most of it kprf does not have.
 */
import type { IncomingMessage } from 'node:http'
import type { ClusterDescription, TopicDescription } from '../../../base/cluster-description.ts'
import { isTlsSocket } from '../../tls/is-tls-socket.ts'

/** A cluster under the address that a client has of it. */
export interface LinkedCluster extends ClusterDescription {
  readonly clusterId: string
  /** URL of the list of clusters. */
  readonly listUrl: string
}

/** Where a list of clusters is for the client of a request, as the request writes it. */
export function clustersUrl({
  headers,
  socket,
}: Pick<IncomingMessage, 'headers' | 'socket'>): string {
  const { host } = headers
  const scheme = isTlsSocket(socket) ? 'https' : 'http'
  // A request of HTTP/1.0 may have none.
  return host === undefined ? '/v3/clusters' : `${scheme}://${host}/v3/clusters`
}

/** A list of objects, whole: kprf has no pages. */
export function listObject(kind: string, self: string, data: readonly object[]): object {
  return { kind, metadata: { self, next: null }, data }
}

/** The object of a cluster. */
export function clusterObject(cluster: LinkedCluster): object {
  const { clusterId, controllerId } = cluster
  const self = selfOf(cluster)
  return {
    kind: 'KafkaCluster',
    metadata: { self, resource_name: resourceName(clusterId) },
    cluster_id: clusterId,
    ...(controllerId !== undefined && { controller: related(`${self}/brokers/${controllerId}`) }),
    acls: related(`${self}/acls`),
    brokers: related(`${self}/brokers`),
    broker_configs: related(`${self}/broker-configs`),
    consumer_groups: related(`${self}/consumer-groups`),
    topics: related(topicsUrl(cluster)),
    partition_reassignments: related(`${topicsUrl(cluster)}/-/partitions/-/reassignment`),
  }
}

/** Where the topics of a cluster are. */
export function topicsUrl(cluster: LinkedCluster): string {
  return `${selfOf(cluster)}/topics`
}

/** The object of a topic. Internal ones are never shown. */
export function topicObject(
  cluster: LinkedCluster,
  { name, partitions }: TopicDescription,
): object {
  const { clusterId } = cluster
  const self = `${topicsUrl(cluster)}/${name}`
  return {
    kind: 'KafkaTopic',
    metadata: { self, resource_name: resourceName(clusterId, name) },
    cluster_id: clusterId,
    topic_name: name,
    is_internal: false,
    replication_factor: partitions[0]?.replicas.length ?? 0,
    partitions_count: partitions.length,
    partitions: related(`${self}/partitions`),
    configs: related(`${self}/configs`),
    partition_reassignments: related(`${self}/partitions/-/reassignment`),
    authorized_operations: [],
  }
}

function selfOf({ clusterId, listUrl }: LinkedCluster): string {
  return `${listUrl}/${encodeURIComponent(clusterId)}`
}

/** Confluent's name of a resource, without the authority that says where it is. */
function resourceName(clusterId: string, topic?: string): string {
  return `crn:///kafka=${clusterId}${topic === undefined ? '' : `/topic=${topic}`}`
}

function related(url: string): object {
  return { related: url }
}
