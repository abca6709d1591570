import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../../src/test-cluster.ts'
import { apiVersionsApi } from '../../src/protocol/apis/api-versions.ts'
import { everyRequest } from '../support/every-request.ts'
import { WireClient } from '../support/wire-client.ts'

describe('every request', () => {
  let cluster: TestCluster
  let client: WireClient

  beforeEach(async () => {
    cluster = await TestCluster.start({ topics: { orders: { partitions: 1 } } })
    client = await WireClient.connect(cluster.bootstrap)
  })

  afterEach(async () => {
    await client.close()
    await cluster.close()
  })

  test('is in the list that ApiVersions gives, with the versions served', async () => {
    const { apis } = await client.send(apiVersionsApi, 3, {
      clientSoftwareName: 'test',
      clientSoftwareVersion: '1',
    })

    const served = everyRequest.map(({ api }) => ({
      key: api.key,
      minVersion: api.advertisedMinVersion ?? api.minVersion,
      maxVersion: api.maxVersion,
    }))
    expect([...apis].sort((one, other) => one.key - other.key)).toEqual(
      served.sort((one, other) => one.key - other.key),
    )
  })

  test.each(
    everyRequest.flatMap(({ api, request }) =>
      Array.from({ length: api.maxVersion - api.minVersion + 1 }, (_, step) => ({
        name: api.name,
        version: api.minVersion + step,
        api,
        request,
      })),
    ),
  )(
    '$name is answered in version $version, to the last byte',
    async ({ api, version, request }) => {
      await client.send(api, version, request)

      expect(cluster.requests.at(-1)).toMatchObject({ api: api.name, version })
    },
  )

  test.each(everyRequest.filter(({ api }) => api !== apiVersionsApi).map(({ api }) => api))(
    '$name closes the connection in versions that are not served',
    async ({ key, maxVersion }) => {
      const frame = Buffer.alloc(14)
      frame.writeInt32BE(10, 0)
      frame.writeInt16BE(key, 4)
      frame.writeInt16BE(maxVersion + 1, 6)

      client.socket.write(frame)

      await client.closed
      expect(cluster.requests).toEqual([])
    },
  )
})
