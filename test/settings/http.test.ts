import { describe, expect, it } from 'vitest'
import { serverLimits } from '../../src/settings/http.ts'
import { load } from '../config/sources.ts'

describe('serverLimits', () => {
  it('passes on how many requests a connection may have, to each worker in full', () => {
    const config = load({
      argv: ['--kafka.brokers=a:1', '--http.max_requests_per_connection=1007'],
    })

    expect(serverLimits(config, 3).maxRequestsPerConnection).toBe(1007)
  })
})
