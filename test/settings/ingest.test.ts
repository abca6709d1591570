import { describe, expect, it } from 'vitest'
import { ingestSettings } from '../../src/settings/ingest.ts'
import { load } from '../config/sources.ts'

const config = (...argv: readonly string[]) => load({ argv: ['--kafka.brokers=a:1', ...argv] })

describe('ingestSettings', () => {
  it('passes on how long records may take and how long a push may wait for room', () => {
    const settings = ingestSettings(
      config('--kafka.message_timeout_ms=1007', '--kafka.queue_full_wait_ms=1005'),
    )

    expect(settings).toEqual({ deliveryTimeoutMs: 1007, roomWaitMs: 1005 })
  })

  it('takes a message timeout of 0 for no timeout, as librdkafka does', () => {
    expect(ingestSettings(config('--kafka.message_timeout_ms=0')).deliveryTimeoutMs).toBe(Infinity)
  })
})
