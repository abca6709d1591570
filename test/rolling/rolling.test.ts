import { expect, it } from 'vitest'
import { runRolling } from './run.ts'

it('two kprf that are restarted one after the other behind a balancer fail no request and lose no record', async () => {
  const { violations, sent, failed, acknowledged } = await runRolling({
    ...{ kind: 'replicas', restarts: 2, seed: 1 },
  })

  expect(violations).toEqual([])
  expect([failed, acknowledged]).toEqual([0, sent])
  expect(sent).toBeGreaterThan(0)
})

it('without a drain delay requests fail, and the run says so', async () => {
  const { violations, failed } = await runRolling({
    ...{ kind: 'replicas', restarts: 1, seed: 1, settings: { 'shutdown.drain_delay_ms': 0 } },
  })

  expect(failed).toBeGreaterThan(0)
  expect(violations[0]).toMatch(/^request \d+ failed/)
})
