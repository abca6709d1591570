import { expect, test } from 'vitest'
import { TEST_SEED } from '../support/random.ts'
import { runEdgeFuzz } from './run.ts'

test('3,000 conversations come to the same with the fast way and without it', async () => {
  const { replies, records, fastPushes, differences } = await runEdgeFuzz({
    ...{ runs: 3_000, seed: TEST_SEED },
  })

  expect(differences, `seed ${TEST_SEED}`).toEqual([])
  // It went to the places where something could have differed.
  expect(replies).toBeGreaterThan(5_000)
  expect(records).toBeGreaterThan(2_500)
  expect(fastPushes).toBeGreaterThan(1_200)
}, 120_000)
