import { beforeEach, describe, expect, test } from 'vitest'
import type { JoinResult, SyncResult } from '../../src/groups/results.ts'
import { Group } from '../../src/groups/group.ts'
import type { JoinWish } from '../../src/groups/member.ts'
import { FakeClock, settle } from '../../../../test/support/fake-clock.ts'

const SESSION_MS = 10_000
const REBALANCE_MS = 60_000

const protocol = (name: string, metadata = name) => ({ name, metadata: Buffer.from(metadata) })

function wish(changes: Partial<JoinWish> = {}): JoinWish {
  return {
    memberId: '',
    instanceId: null,
    clientId: 'c',
    clientHost: '127.0.0.1',
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
    protocolType: 'consumer',
    protocols: [protocol('range')],
    mustKnowMemberId: false,
    canSkipAssignment: false,
    ...changes,
  }
}

/** What a promise has come to so far. */
async function stateOf<T>(promise: Promise<T> | T): Promise<T | 'waiting'> {
  return Promise.race([promise, settle().then(() => 'waiting' as const)])
}

describe('Group', () => {
  let clock: FakeClock
  let group: Group

  beforeEach(() => {
    clock = new FakeClock()
    group = new Group('g', clock)
  })

  const identity = (memberId: string, instanceId: string | null = null) => ({
    memberId,
    instanceId,
  })

  const sync = (
    { memberId, generationId }: JoinResult,
    assignments: Readonly<Record<string, string>> = {},
  ): Promise<SyncResult> | SyncResult =>
    group.sync({
      ...identity(memberId),
      generationId,
      protocolType: null,
      protocolName: null,
      assignments: new Map(
        Object.entries(assignments).map(([id, text]) => [id, Buffer.from(text)]),
      ),
    })

  /** A group with one member that is its leader. */
  const withLeader = async (changes: Partial<JoinWish> = {}): Promise<JoinResult> => {
    const leader = await group.join(wish(changes))
    await sync(leader, { [leader.memberId]: 'all' })
    return leader
  }

  /** A group with a leader and a follower. */
  const withTwo = async (): Promise<readonly [JoinResult, JoinResult]> => {
    const alone = await withLeader()
    const joining = group.join(wish())
    const leader = await group.join(wish({ memberId: alone.memberId }))
    const follower = await joining
    const assigned = sync(follower)
    await sync(leader, { [leader.memberId]: 'half', [follower.memberId]: 'other half' })
    await assigned
    return [leader, follower]
  }

  test('makes the first member the leader and tells it who is there', async () => {
    const result = await group.join(wish())

    expect(result).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolName: 'range',
      leaderId: result.memberId,
      members: [{ memberId: result.memberId, metadata: Buffer.from('range') }],
    })
    expect(group.state).toBe('CompletingRebalance')
  })

  test('hands out the assignments of the leader', async () => {
    const alone = await withLeader()
    const joining = group.join(wish())
    expect(await stateOf(joining)).toBe('waiting')
    expect(group.heartbeat(identity(alone.memberId), 1)).toBe(27)

    const leader = await group.join(wish({ memberId: alone.memberId }))
    const follower = await joining
    const followerSync = sync(follower)
    expect(await stateOf(followerSync)).toBe('waiting')
    const leaderSync = await sync(leader, { [leader.memberId]: 'a', [follower.memberId]: 'b' })

    expect([leader.members.length, follower.members.length]).toEqual([2, 0])
    expect(leaderSync.assignment.toString()).toBe('a')
    expect((await followerSync).assignment.toString()).toBe('b')
    expect((await sync(follower)).assignment.toString()).toBe('b')
    expect(group.state).toBe('Stable')
  })

  test('gives a newer client an id first, and lets it in when it comes back', async () => {
    const first = await group.join(wish({ mustKnowMemberId: true }))
    const second = await group.join(wish({ memberId: first.memberId, mustKnowMemberId: true }))

    expect([first.errorCode, second.errorCode]).toEqual([79, 0])
    expect(second.memberId).toBe(first.memberId)
  })

  test('waits for a client that was given an id, but not longer than its session', async () => {
    const leader = await withLeader()
    await group.join(wish({ mustKnowMemberId: true }))
    const rejoining = group.join(wish({ memberId: leader.memberId }))

    expect(await stateOf(rejoining)).toBe('waiting')
    await clock.advance(SESSION_MS)
    expect(await rejoining).toMatchObject({ errorCode: 0, generationId: 2 })
  })

  test('goes on without a member that does not rejoin in time', async () => {
    const [leader, follower] = await withTwo()

    const rejoining = group.join(wish({ memberId: leader.memberId }))
    const beats = async (): Promise<void> => {
      for (let elapsedMs = 0; elapsedMs < REBALANCE_MS; elapsedMs += 5_000) {
        expect(group.heartbeat(identity(follower.memberId), 2)).toBe(27)
        await clock.advance(5_000)
      }
    }
    await beats()

    expect(await rejoining).toMatchObject({ generationId: 3, members: { length: 1 } })
    expect(group.heartbeat(identity(follower.memberId), 2)).toBe(25)
  })

  test('drops a member that falls silent, and rebalances', async () => {
    const [leader, follower] = await withTwo()

    await clock.advance(SESSION_MS - 1)
    expect(group.heartbeat(identity(leader.memberId), 2)).toBe(0)
    await clock.advance(1)

    expect(group.heartbeat(identity(follower.memberId), 2)).toBe(25)
    expect(group.heartbeat(identity(leader.memberId), 2)).toBe(27)
  })

  test('drops a member that joins and never syncs', async () => {
    const alone = await withLeader()
    const joining = group.join(wish())
    const leader = await group.join(wish({ memberId: alone.memberId }))
    const follower = await joining
    const waiting = sync(follower)

    for (let elapsedMs = 0; elapsedMs < REBALANCE_MS; elapsedMs += 5_000) {
      group.heartbeat(identity(leader.memberId), 2)
      await clock.advance(5_000)
    }

    expect((await waiting).errorCode).toBe(27)
    expect(group.members().map(({ id }) => id)).toEqual([follower.memberId])
  })

  test('is empty once everybody has left, and begins anew', async () => {
    const leader = await withLeader()

    expect(group.leave(identity(leader.memberId))).toBe(0)
    expect(group.leave(identity(leader.memberId))).toBe(25)
    expect([group.state, group.isVacant]).toEqual(['Empty', true])
    expect(await group.join(wish())).toMatchObject({ errorCode: 0, generationId: 3 })
  })

  test('keeps no timer when it is empty', async () => {
    const leader = await withLeader()
    await group.join(wish({ mustKnowMemberId: true }))
    group.leave(identity(leader.memberId))
    await clock.advance(REBALANCE_MS)

    expect(clock.timers).toBe(0)
  })

  test('hands the lead on when the leader leaves', async () => {
    const [leader, follower] = await withTwo()
    group.leave(identity(leader.memberId))

    const result = await group.join(wish({ memberId: follower.memberId }))

    expect(result).toMatchObject({ leaderId: follower.memberId, members: { length: 1 } })
  })

  test('answers those who wait when they are no longer members', async () => {
    const [, follower] = await withTwo()
    const waiting = group.join(
      wish({ memberId: follower.memberId, protocols: [protocol('range', 'new')] }),
    )

    group.leave(identity(follower.memberId))

    expect((await waiting).errorCode).toBe(25)
  })

  test('elects the protocol that most members prefer of those that all support', async () => {
    const [range, sticky, only] = [protocol('range'), protocol('sticky'), protocol('only-one')]
    const first = await group.join(wish({ protocols: [only, range, sticky] }))
    const joining = [
      group.join(wish({ protocols: [sticky, range] })),
      group.join(wish({ protocols: [sticky, range] })),
    ]

    const result = await group.join(
      wish({ memberId: first.memberId, protocols: [only, range, sticky] }),
    )
    for (const one of joining) await one

    expect(result.protocolName).toBe('sticky')
  })

  test.each([
    ['another protocol type', { protocolType: 'connect' }],
    ['no protocol in common', { protocols: [protocol('other')] }],
    ['no protocols', { protocols: [] }],
    ['no protocol type', { protocolType: '' }],
  ])('refuses a member with %s', async (_, changes) => {
    await withLeader()

    expect((await group.join(wish(changes))).errorCode).toBe(23)
  })

  test('answers a repeated join of a follower without a rebalance, but not one of the leader', async () => {
    const [leader, follower] = await withTwo()

    const repeated = await group.join(wish({ memberId: follower.memberId }))
    const rejoining = group.join(wish({ memberId: leader.memberId }))

    expect(repeated).toMatchObject({ errorCode: 0, generationId: 2, members: [] })
    expect(await stateOf(rejoining)).toBe('waiting')
  })

  test.each([
    ['an unknown member', 'nobody', 1, 25],
    ['an older generation', undefined, 0, 22],
    ['a later generation', undefined, 2, 22],
  ])('refuses %s', async (_, memberId, generationId, expected) => {
    const leader = await withLeader()
    const who = identity(memberId ?? leader.memberId)
    const wanted = { ...who, generationId, assignments: new Map<string, Buffer>() }

    expect(group.heartbeat(who, generationId)).toBe(expected)
    expect(group.refuseCommit(who, generationId)).toBe(expected)
    expect(await group.sync({ ...wanted, protocolType: null, protocolName: null })).toMatchObject({
      errorCode: expected,
    })
  })

  test.each([
    ['an unknown member', { memberId: 'nobody' }, 25],
    ['another protocol type', { protocolType: 'connect' }, 23],
    ['another protocol name', { protocolName: 'sticky' }, 23],
  ])('refuses to sync %s', async (_, changes, expected) => {
    const leader = await withLeader()
    const wanted = {
      ...identity(leader.memberId),
      generationId: 1,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: new Map<string, Buffer>(),
    }

    expect((await group.sync(wanted)).errorCode).toBe(0)
    expect((await group.sync({ ...wanted, ...changes })).errorCode).toBe(expected)
  })

  test('takes offsets from members, and from outsiders while it is empty', async () => {
    expect(group.refuseCommit(identity(''), -1)).toBe(0)

    const leader = await withLeader()

    expect(group.refuseCommit(identity(leader.memberId), 1)).toBe(0)
    expect(group.refuseCommit(identity(''), -1)).toBe(25)
  })

  test('takes no offsets between the join and the assignment', async () => {
    const { memberId } = await group.join(wish())

    expect(group.refuseCommit(identity(memberId), 1)).toBe(27)
  })

  describe('with instance ids', () => {
    test('lets a restarted member take its place without a rebalance', async () => {
      const former = await withLeader({ instanceId: 'i' })

      const again = await group.join(wish({ instanceId: 'i' }))

      expect(again).toMatchObject({ errorCode: 0, generationId: 1, leaderId: former.memberId })
      expect((await sync(again)).assignment.toString()).toBe('all')
      expect(group.heartbeat(identity(former.memberId, 'i'), 1)).toBe(82)
    })

    test('tells a newer client that leads to skip the assignment', async () => {
      await withLeader({ instanceId: 'i' })

      const again = await group.join(wish({ instanceId: 'i', canSkipAssignment: true }))

      expect(again).toMatchObject({ leaderId: again.memberId, skipAssignment: true })
    })

    test('rebalances when the restarted member supports something else', async () => {
      await withLeader({ instanceId: 'i' })

      const again = await group.join(wish({ instanceId: 'i', protocols: [protocol('sticky')] }))

      expect(again).toMatchObject({ generationId: 2, protocolName: 'sticky' })
    })

    test('keeps the place of a member that is away during a rebalance', async () => {
      const away = await withLeader({ instanceId: 'i', sessionTimeoutMs: 1_000_000 })
      const joining = group.join(wish({ sessionTimeoutMs: 1_000_000 }))

      await clock.advance(REBALANCE_MS)

      expect((await joining).generationId).toBe(2)
      expect(group.members().map(({ id }) => id)).toContain(away.memberId)
    })

    test('waits on when nobody but such members is there', async () => {
      const away = await withLeader({ instanceId: 'i', sessionTimeoutMs: 1_000_000 })
      const joining = group.join(wish())
      group.leave(identity((await stateOf(joining)) === 'waiting' ? lastMember() : ''))

      await clock.advance(REBALANCE_MS)
      expect(group.state).toBe('PreparingRebalance')
      const back = await group.join(wish({ memberId: away.memberId, instanceId: 'i' }))

      expect(back.generationId).toBe(2)
    })

    test('lets an administrator remove a member by its instance id', async () => {
      await withLeader({ instanceId: 'i' })

      expect(group.leave(identity('', 'nobody'))).toBe(25)
      expect(group.leave(identity('', 'i'))).toBe(0)
      expect(group.isVacant).toBe(true)
    })
  })

  const lastMember = (): string => group.members().at(-1)?.id ?? ''

  test('takes a thousand members and no more', async () => {
    for (let count = 0; count < 1_000; count += 1) {
      await group.join(wish({ mustKnowMemberId: true }))
    }

    expect((await group.join(wish())).errorCode).toBe(81)
  })
})
