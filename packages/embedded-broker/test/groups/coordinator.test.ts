import { beforeEach, describe, expect, test } from 'vitest'
import { BrokerRegistry } from '../../src/broker-registry.ts'
import { GroupCoordinator } from '../../src/groups/coordinator.ts'
import { FakeClock } from '../../../../test/support/fake-clock.ts'

describe('GroupCoordinator', () => {
  let registry: BrokerRegistry
  let coordinator: GroupCoordinator

  beforeEach(() => {
    registry = new BrokerRegistry()
    coordinator = new GroupCoordinator(new FakeClock(), registry)
  })

  const offset = { offset: 1n, leaderEpoch: -1, metadata: null }

  test('spreads the groups over the brokers that are up', () => {
    const ids = [1, 2, 3]
    for (const id of ids) registry.add({ id, host: 'h', port: id })

    const brokers = Array.from({ length: 100 }, (_, index) => coordinator.brokerOf(`g${index}`)?.id)

    for (const id of ids) expect(brokers.filter((one) => one === id).length).toBeGreaterThan(10)
  })

  test('has no broker for a group when none is up', () => {
    expect(coordinator.brokerOf('g')).toBeUndefined()
    expect(coordinator.refuse('g', 1)).toBe(16)
  })

  test('makes room for a new group by dropping those that hold nothing', () => {
    for (let count = 0; count < 1_000; count += 1) {
      const created = coordinator.findOrCreate(`g${count}`)
      if (count < 999) created?.offsets.commit('orders', 0, offset)
    }

    expect(coordinator.findOrCreate('one more')).toBeDefined()
    expect(coordinator.find('g999')).toBeUndefined()
    coordinator.find('one more')?.offsets.commit('orders', 0, offset)
    expect(coordinator.findOrCreate('too many')).toBeUndefined()
  })
})
