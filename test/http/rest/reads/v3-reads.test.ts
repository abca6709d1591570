/** What the Confluent REST Proxy (API v3) tells of the cluster and its topics, in the same form. */
import { describe, expect, it } from 'vitest'
import { Permissions } from '../../../../src/ingest/permissions.ts'
import { FakeClusterSource, partitionOf } from '../../../support/fake-cluster-source.ts'
import { get } from '../../../support/get.ts'
import { type EdgeOverrides, serveEdge } from '../../../support/http-edge.ts'

const TOPICS = {
  __consumer_offsets: [partitionOf(0)],
  orders: [partitionOf(0), partitionOf(1, { replicas: [2, 1] })],
  'shop.carts': [partitionOf(0, { leader: undefined, replicas: [2] })],
}
const ROOT = 'http://kprf.test/v3/clusters'
const CLUSTER = {
  kind: 'KafkaCluster',
  metadata: { self: `${ROOT}/lkc-1`, resource_name: 'crn:///kafka=lkc-1' },
  cluster_id: 'lkc-1',
  controller: { related: `${ROOT}/lkc-1/brokers/2` },
  acls: { related: `${ROOT}/lkc-1/acls` },
  brokers: { related: `${ROOT}/lkc-1/brokers` },
  broker_configs: { related: `${ROOT}/lkc-1/broker-configs` },
  consumer_groups: { related: `${ROOT}/lkc-1/consumer-groups` },
  topics: { related: `${ROOT}/lkc-1/topics` },
  partition_reassignments: { related: `${ROOT}/lkc-1/topics/-/partitions/-/reassignment` },
}

function topicObject(name: string, partitions: number, replicas: number): object {
  const self = `${ROOT}/lkc-1/topics/${name}`
  return {
    kind: 'KafkaTopic',
    metadata: { self, resource_name: `crn:///kafka=lkc-1/topic=${name}` },
    cluster_id: 'lkc-1',
    topic_name: name,
    is_internal: false,
    replication_factor: replicas,
    partitions_count: partitions,
    partitions: { related: `${self}/partitions` },
    configs: { related: `${self}/configs` },
    partition_reassignments: { related: `${self}/partitions/-/reassignment` },
    authorized_operations: [],
  }
}

async function serve(overrides: EdgeOverrides = {}) {
  const source = new FakeClusterSource(TOPICS)
  const edge = await serveEdge({ source, ...overrides })
  const read = async (target: string) => {
    const { status, headers, body } = await get(edge, target)
    return { status, type: headers.get('content-type'), reply: JSON.parse(body) as unknown }
  }
  return { edge, source, read }
}

describe('GET', () => {
  it.each<[string, unknown]>([
    [
      '/v3/clusters',
      { kind: 'KafkaClusterList', metadata: { self: ROOT, next: null }, data: [CLUSTER] },
    ],
    ['/v3/clusters/lkc-1', CLUSTER],
    [
      '/v3/clusters/lkc-1/topics',
      {
        kind: 'KafkaTopicList',
        metadata: { self: `${ROOT}/lkc-1/topics`, next: null },
        data: [topicObject('orders', 2, 2), topicObject('shop.carts', 1, 1)],
      },
    ],
    ['/v3/clusters/lkc-1/topics/orders', topicObject('orders', 2, 2)],
  ])('%s is answered as by the Confluent REST Proxy', async (target, reply) => {
    const { edge, read } = await serve()

    expect(await read(target)).toEqual({ status: 200, type: 'application/json', reply })
    expect([edge.producer.calls, edge.log.lines]).toEqual([0, []])
  })

  it.each<[string, number]>([
    ['/v3/clusters/other', 404],
    ['/v3/clusters/LKC-1', 404],
    ['/v3/clusters/other/topics', 404],
    ['/v3/clusters/other/topics/orders', 404],
    ['/v3/clusters/lkc-1/topics/missing', 40_403],
    ['/v3/clusters/lkc-1/topics/__consumer_offsets', 40_403],
    ['/v3/clusters/lkc-1/topics/a%20b', 40_403],
  ])('%s is refused with %d', async (target, code) => {
    const { read } = await serve()

    expect(await read(target)).toEqual({
      ...{ status: 404, type: 'application/json' },
      reply: { error_code: code, message: expect.any(String) as string },
    })
  })

  it('shows a cluster without a controller, and none if brokers do not name it', async () => {
    const { source, read } = await serve()
    source.description = { ...source.description, controllerId: undefined }
    expect((await read('/v3/clusters/lkc-1')).reply).not.toHaveProperty('controller')

    source.description = { ...source.description, clusterId: undefined }

    expect(await read('/v3/clusters')).toMatchObject({ status: 200, reply: { data: [] } })
    expect(await read('/v3/clusters/undefined')).toMatchObject({ status: 404 })
  })

  it('is 503 while Kafka cannot be reached', async () => {
    const { source, read } = await serve()
    source.isReachable = false

    expect(await read('/v3/clusters')).toMatchObject({ status: 503, reply: { error_code: 503 } })
  })

  it('has links without a host for a client that names none', async () => {
    const { edge } = await serve()

    const { body } = await edge.connect().write('GET /v3/clusters HTTP/1.0\r\n\r\n').response()

    expect(JSON.parse(body)).toMatchObject({ metadata: { self: '/v3/clusters' } })
  })

  it('shows only topics that the client may be told of', async () => {
    const acl = [{ principals: ['*'], topics: ['shop.*'], allow: ['describe'] as const }]
    const { edge, read } = await serve({ permissions: new Permissions({ acl, topics: [] }) })
    const list = await read('/v3/clusters/lkc-1/topics')
    expect(list).toMatchObject({ reply: { data: [{ topic_name: 'shop.carts' }] } })

    const hidden = await get(edge, '/v3/clusters/lkc-1/topics/orders')
    const missing = await get(edge, '/v3/clusters/lkc-1/topics/shop.missing')

    expect([hidden.status, hidden.body]).toEqual([404, missing.body])
  })
})
