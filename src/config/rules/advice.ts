import { PRINCIPAL_ADVICE } from './principal-advice.ts'
import { alone, type Rule, type Settled } from './rule.ts'
import { WEBHOOK_ADVICE } from './webhook-advice.ts'

/** The highest level of each codec; the others have no levels. */
const HIGHEST_LEVELS: Readonly<Record<string, number>> = { gzip: 9, zstd: 12 }

/** Rules whose violation is only a warning at start. */
export const ADVICE: readonly Rule[] = [
  {
    keys: ['kafka.properties.compression.codec', 'kafka.properties.compression.level'],
    rule: 'kprf replaces a `compression.level` outside the range of the codec by the nearest level.',
    violation: levelBeyondCodec,
  },
  {
    keys: ['kafka.security_protocol', 'kafka.user', 'kafka.password'],
    rule: 'Without `kafka.security_protocol`, kprf connects without SASL unless `kafka.user` and `kafka.password` are both set.',
    violation: halfOfCredentials,
  },
  {
    keys: ['kafka.message_max_bytes', 'kafka.queue_buffering_max_kbytes'],
    rule: 'A record larger than `kafka.queue_buffering_max_kbytes` never fits into the queue.',
    violation: recordBeyondQueue,
  },
  {
    keys: ['ratelimit.enabled', 'ratelimit.rules'],
    rule: '`ratelimit.enabled` and `ratelimit.rules` have an effect only together.',
    violation: rateLimitsWithoutEffect,
  },
  ...PRINCIPAL_ADVICE,
  ...WEBHOOK_ADVICE,
]

/** An error with an explicit protocol; the Rust kprf runs with half of them. */
function halfOfCredentials({ kafka }: Settled): string | undefined {
  const { security_protocol: protocol, user, password } = kafka
  const message = alone({ 'kafka.user': user, 'kafka.password': password })
  if (protocol !== '' || message === undefined) return undefined
  return `${message}: kprf connects to Kafka without user and password`
}

function rateLimitsWithoutEffect({ ratelimit: { enabled, rules } }: Settled): string | undefined {
  if (enabled === rules.length > 0) return undefined
  return enabled
    ? 'ratelimit.enabled is true, but ratelimit.rules is empty: no topic has a limit'
    : 'ratelimit.rules has rules, but ratelimit.enabled is false: no topic has a limit'
}

/** As in librdkafka, a record needs room for all of its value; it would be told to come back for ever. */
function recordBeyondQueue({ kafka }: Settled): string | undefined {
  const { message_max_bytes: recordBytes, queue_buffering_max_kbytes: queueKbytes } = kafka
  if (recordBytes <= queueKbytes * 1024) return undefined
  return `kafka.message_max_bytes is ${recordBytes} and kafka.queue_buffering_max_kbytes is ${queueKbytes}: a record of more than ${queueKbytes * 1024} bytes never fits into the queue`
}

function levelBeyondCodec({ kafka: { properties } }: Settled): string | undefined {
  const codec = properties['compression.codec']
  const level = properties['compression.level']
  const highest = HIGHEST_LEVELS[codec] ?? 0
  if (level <= highest) return undefined
  return `compression.level ${level} is outside the range of ${codec}; ${highest === 0 ? 'it has no levels' : `kprf uses ${highest}`}`
}
