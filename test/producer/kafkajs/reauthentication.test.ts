import { describe, expect, it } from 'vitest'
import { renewSessionInTime } from '../../../src/producer/kafkajs/reauthentication.ts'

describe('renewSessionInTime', () => {
  it.each([
    [0, 0],
    [2_000, 300],
    [60_000, 9_000],
    [3_600_000, 10_000],
  ])('leaves of a session of %i ms %i ms', (sessionMs, remainingMs) => {
    const connection = {
      sessionLifetime: BigInt(sessionMs),
      reauthenticationThreshold: 10_000,
    }

    renewSessionInTime(connection)

    expect(connection.reauthenticationThreshold).toBe(remainingMs)
  })
})
