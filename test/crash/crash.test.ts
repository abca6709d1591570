import { expect, it } from 'vitest'
import { TEST_SEED } from '../support/random.ts'
import { runCrashes } from './run.ts'

it('kprf with a write-ahead log loses nothing that it accepted when it is killed', async () => {
  const { violations, accepted } = await runCrashes(4, TEST_SEED)

  expect([violations, accepted > 0], `seed ${TEST_SEED}`).toEqual([[], true])
}, 180_000)
