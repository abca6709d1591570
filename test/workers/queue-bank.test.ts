import { describe, expect, it } from 'vitest'
import { chunkOf, QueueBank } from '../../src/workers/queue-bank.ts'

describe('QueueBank', () => {
  it('lends what is wanted, or what is left', () => {
    const bank = new QueueBank({ records: 10, bytes: 100 })
    const account = bank.open(() => undefined)

    expect(account.borrow({ records: 4, bytes: 90 })).toEqual({ records: 4, bytes: 90 })
    expect(account.borrow({ records: 4, bytes: 90 })).toEqual({ records: 4, bytes: 10 })
    expect(bank.free).toEqual({ records: 2, bytes: 0 })
  })

  it('tells those whose loan was short, once, when some is given back', () => {
    const bank = new QueueBank({ records: 10, bytes: 100 })
    const told: string[] = []
    const rich = bank.open(() => told.push('rich'))
    const poor = bank.open(() => told.push('poor'))
    rich.borrow({ records: 10, bytes: 10 })
    poor.borrow({ records: 1, bytes: 1 })

    rich.giveBack({ records: 1, bytes: 0 })
    rich.giveBack({ records: 1, bytes: 0 })

    expect(told).toEqual(['poor'])
  })

  it('has all of a process back that is gone', () => {
    const bank = new QueueBank({ records: 10, bytes: 100 })
    const account = bank.open(() => undefined)
    account.borrow({ records: 7, bytes: 70 })
    account.giveBack({ records: 2, bytes: 20 })

    account.close()

    expect(bank.free).toEqual({ records: 10, bytes: 100 })
  })

  it('has workers borrow in chunks of which none is empty', () => {
    expect(chunkOf({ records: 100_000, bytes: 2 ** 30 }, 2)).toEqual({
      records: 3125,
      bytes: 2 ** 25,
    })
    expect(chunkOf({ records: 1000, bytes: 1024 }, 64)).toEqual({ records: 1, bytes: 1 })
  })
})
