import { describe, expect, it } from 'vitest'
import { ClusterDirectory } from '../../src/ingest/cluster-directory.ts'
import { Permissions, type PermissionSettings } from '../../src/ingest/permissions.ts'
import { FakeClusterSource, partitionOf } from '../support/fake-cluster-source.ts'

function directoryOf(settings: Partial<PermissionSettings>) {
  const [a, b, internal] = [[partitionOf(0)], [partitionOf(0)], [partitionOf(0)]]
  const source = new FakeClusterSource({ __consumer_offsets: internal, a, 'b.1': b })
  let permissions = new Permissions({ acl: [], topics: [], ...settings })
  const directory = new ClusterDirectory({ source, permissions: () => permissions })
  const use = (later: Permissions): void => {
    permissions = later
  }
  return { directory, source, use }
}

const SHOP = { principals: ['shop'], topics: ['b.*'] }

describe('ClusterDirectory', () => {
  it.each<[string, Partial<PermissionSettings>, readonly string[]]>([
    ['without rules, all but internal topics', {}, ['a', 'b.1']],
    ['with topics, those', { topics: ['b.*', '__*'] }, ['b.1']],
    ['with a rule, what it allows', { acl: [{ ...SHOP, allow: ['describe'] }] }, ['b.1']],
    ['with a rule of others, nothing', { acl: [{ ...SHOP, principals: [], allow: [] }] }, []],
    ['with the right to produce, nothing', { acl: [{ ...SHOP, allow: ['produce'] }] }, []],
    [
      'with both, what both allow',
      { acl: [{ ...SHOP, topics: ['*'], allow: ['describe'] }], topics: ['a'] },
      ['a'],
    ],
  ])('shows, %s', async (_, settings, names) => {
    const { directory } = directoryOf(settings)

    expect((await directory.topics('shop')).map(({ name }) => name)).toEqual(names)
    for (const name of ['__consumer_offsets', 'a', 'b.1']) {
      expect((await directory.topic('shop', name))?.name).toBe(
        names.includes(name) ? name : undefined,
      )
    }
  })

  it('asks Kafka for no topic that a principal may not know of', async () => {
    const { directory, source } = directoryOf({ acl: [{ ...SHOP, allow: ['describe'] }] })

    await directory.topic('shop', 'a')
    await directory.topic('shop', 'b.1')
    await directory.topic('other', 'b.1')

    expect(source.asked).toEqual([undefined, 'b.1', undefined])
  })

  it('follows permissions that change', async () => {
    const { directory, use } = directoryOf({})
    expect(await directory.topics('shop')).toHaveLength(2)

    use(new Permissions({ acl: [], topics: ['a'] }))

    expect(await directory.topics('shop')).toHaveLength(1)
    expect(await directory.topic('shop', 'b.1')).toBeUndefined()
  })

  it('looks through a list once for each principal, however many ask', async () => {
    const { source } = directoryOf({})
    const looked: string[] = []
    const mayDescribe = (principal: string): boolean => {
      looked.push(principal)
      return true
    }
    const permissions = { mayDescribe }
    const directory = new ClusterDirectory({ source, permissions: () => permissions })

    const asked = ['shop', 'audit', 'shop', 'shop'].map((name) => directory.topics(name))

    expect((await Promise.all(asked)).map(({ length }) => length)).toEqual([3, 3, 3, 3])
    expect(looked).toEqual(['shop', 'shop', 'shop', 'audit', 'audit', 'audit'])
  })

  it('answers the same for more principals than it keeps lists of', async () => {
    const { directory } = directoryOf({ acl: [{ ...SHOP, allow: ['describe'] }] })

    for (let count = 0; count < 101; count += 1) await directory.topics(`client-${count}`)

    expect(await directory.topics('client-0')).toEqual([])
    expect(await directory.topics('shop')).toHaveLength(1)
  })

  it('tells everybody the id of the cluster and of its brokers', async () => {
    const { directory } = directoryOf({ acl: [{ ...SHOP, allow: ['produce'] }] })

    expect(await directory.cluster()).toEqual({
      ...{ clusterId: 'lkc-1', controllerId: 2, brokerIds: [1, 2] },
    })
  })
})
