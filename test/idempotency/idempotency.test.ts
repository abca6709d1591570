import { expect, it } from 'vitest'
import { TEST_SEED } from '../support/random.ts'
import { runRepeatedPushes } from './run.ts'

it('a client that cuts its connection and repeats has each push stored once', async () => {
  const result = await runRepeatedPushes({ pushes: 300, kills: 0, workers: 1, seed: TEST_SEED })

  expect(result, `seed ${TEST_SEED}`).toMatchObject({
    ...{ violations: [], stored: 300, unknown: 0, sentAgain: 0 },
  })
  expect(result.attempts.replayed).toBeGreaterThan(0)
})

it('also across kills, apart from what the log sends again, if there is a log', async () => {
  const result = await runRepeatedPushes({ pushes: 300, kills: 3, workers: 1, seed: TEST_SEED })

  expect([result.violations, result.stored + result.unknown], `seed ${TEST_SEED}`).toEqual([
    [],
    300,
  ])
})

it('also with several workers of which some are killed', async () => {
  const result = await runRepeatedPushes({ pushes: 300, kills: 2, workers: 2, seed: TEST_SEED })

  expect([result.violations, result.stored + result.unknown], `seed ${TEST_SEED}`).toEqual([
    [],
    300,
  ])
})
