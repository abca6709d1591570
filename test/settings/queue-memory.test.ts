import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { queueMemoryMaxBytes } from '../../src/settings/queue-memory.ts'

const MIB = 1_048_576
const GIB = 1_024 * MIB

const config = (...flags: readonly string[]): ReturnType<typeof loadConfig> =>
  loadConfig({ argv: ['--kafka.brokers=localhost', ...flags], env: {}, readFile: () => '' })

describe('queueMemoryMaxBytes', () => {
  it.each([
    ['of the machine where the process has no limit', 4 * GIB, 0, 2 * GIB],
    ['of the machine where the limit is more than there is', 4 * GIB, 2 ** 64, 2 * GIB],
    ['of the limit of the process', 4 * GIB, 512 * MIB, 256 * MIB],
  ])('is half of the memory %s', (_, physicalBytes, constrainedBytes, expected) => {
    expect(queueMemoryMaxBytes(config(), 1, { physicalBytes, constrainedBytes })).toBe(expected)
  })

  it('is what the configuration says', () => {
    const machine = { physicalBytes: 4 * GIB, constrainedBytes: 0 }
    const large = config('--kafka.queue_memory_max_kbytes=102400')

    expect(queueMemoryMaxBytes(large, 1, machine)).toBe(100 * MIB)
  })

  it('is divided among workers', () => {
    const machine = { physicalBytes: 4 * GIB, constrainedBytes: 0 }

    expect(queueMemoryMaxBytes(config(), 4, machine)).toBe(GIB / 2)
  })

  it('lets each worker hold 8 MiB and the largest record', () => {
    const machine = { physicalBytes: 64 * MIB, constrainedBytes: 0 }

    expect(queueMemoryMaxBytes(config(), 64, machine)).toBe(9 * MIB)
    expect(queueMemoryMaxBytes(config('--kafka.message_max_bytes=2097152'), 64, machine)).toBe(
      10 * MIB,
    )
  })

  it('takes no record for larger than a request body', () => {
    const machine = { physicalBytes: 64 * MIB, constrainedBytes: 0 }
    const large = config('--kafka.message_max_bytes=1000000000', '--http.max_body_bytes=1048576')

    expect(queueMemoryMaxBytes(large, 64, machine)).toBe(9 * MIB)
  })

  it('is known of this machine', () => {
    expect(queueMemoryMaxBytes(config(), 1)).toBeGreaterThan(64 * MIB)
  })
})
