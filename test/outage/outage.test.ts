import { expect, it } from 'vitest'
import { runOutage } from './run.ts'

const MIB = 2 ** 20

it('kprf with a write-ahead log outlives an outage of Kafka: memory is bounded, every record is stored once and in order, and new pushes are served meanwhile', async () => {
  const { loggedBytes, residentBefore, residentPeak, violations, syncMs, asyncMs } =
    await runOutage(48 * MIB)

  expect(violations).toEqual([])
  expect(loggedBytes).toBeGreaterThan(48 * MIB)
  expect(residentPeak - residentBefore).toBeLessThan(200 * MIB)
  expect([syncMs.median, asyncMs.median].every((ms) => ms > 0)).toBe(true)
})
