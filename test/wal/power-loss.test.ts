/** Whatever the disk keeps of what was not synced: an accepted push can be read. */
import { expect, it } from 'vitest'
import { runs } from '../support/random-runs.ts'
import { powerLossViolations } from './support/power-loss.ts'

it('a power loss loses no accepted push', async () => {
  for (let seed = 1; seed <= runs(100); seed += 1) {
    expect(await powerLossViolations(seed), `seed ${seed}`).toEqual([])
  }
})
