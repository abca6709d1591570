import { describe, expect, test } from 'vitest'
import type { ReceivedRequest } from '../src/exchange.ts'
import { RequestLog } from '../src/request-log.ts'

const request = (correlationId: number): ReceivedRequest => ({
  api: 'Metadata',
  apiKey: 3,
  version: 6,
  brokerId: 1,
  connectionId: 1,
  correlationId,
  clientId: null,
  sizeBytes: 10,
  targets: [],
})

describe('RequestLog', () => {
  test.each([
    [0, []],
    [1, [10]],
    [3, [8, 9, 10]],
    [11, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ])('keeps the newest %i requests', (limit, expected) => {
    const log = new RequestLog(limit)
    for (let id = 0; id <= 10; id += 1) log.add(request(id))

    expect(log.entries().map(({ correlationId }) => correlationId)).toEqual(expected)
  })

  test('announces a request to everybody who waits for such a one', async () => {
    const log = new RequestLog(0)
    const odd = log.next(({ correlationId }) => correlationId % 2 === 1)
    const large = log.next(({ correlationId }) => correlationId > 4)
    const any = log.next(() => true)

    for (let id = 0; id <= 10; id += 1) log.add(request(id))

    const seen = await Promise.all([any, odd, large])
    expect(seen.map(({ correlationId }) => correlationId)).toEqual([0, 1, 5])
  })

  test('forgets what it is told to forget', () => {
    const log = new RequestLog(5)
    log.add(request(1))
    log.clear()

    expect(log.entries()).toEqual([])
  })
})
