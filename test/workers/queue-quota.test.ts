import { describe, expect, it } from 'vitest'
import { chunkOf, QueueQuota } from '../../src/workers/queue-quota.ts'

describe('QueueQuota', () => {
  it('lends what is wanted, or what is left', () => {
    const quota = new QueueQuota({ records: 10, bytes: 100 })
    const lease = quota.open(() => undefined)

    expect(lease.acquire({ records: 4, bytes: 90 })).toEqual({ records: 4, bytes: 90 })
    expect(lease.acquire({ records: 4, bytes: 90 })).toEqual({ records: 4, bytes: 10 })
    expect(quota.free).toEqual({ records: 2, bytes: 0 })
  })

  it('tells those whose grant was short, once, when some is given back', () => {
    const quota = new QueueQuota({ records: 10, bytes: 100 })
    const told: string[] = []
    const rich = quota.open(() => told.push('rich'))
    const poor = quota.open(() => told.push('poor'))
    rich.acquire({ records: 10, bytes: 10 })
    poor.acquire({ records: 1, bytes: 1 })

    rich.release({ records: 1, bytes: 0 })
    rich.release({ records: 1, bytes: 0 })

    expect(told).toEqual(['poor'])
  })

  it('has all of a process back that is gone', () => {
    const quota = new QueueQuota({ records: 10, bytes: 100 })
    const lease = quota.open(() => undefined)
    lease.acquire({ records: 7, bytes: 70 })
    lease.release({ records: 2, bytes: 20 })

    lease.close()

    expect(quota.free).toEqual({ records: 10, bytes: 100 })
  })

  it('has workers lease in chunks of which none is empty', () => {
    expect(chunkOf({ records: 100_000, bytes: 2 ** 30 }, 2)).toEqual({
      records: 3125,
      bytes: 2 ** 25,
    })
    expect(chunkOf({ records: 1000, bytes: 1024 }, 64)).toEqual({ records: 1, bytes: 1 })
  })
})
