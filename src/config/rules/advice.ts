import { alone, type Rule, type Settled } from './rule.ts'

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
]

/** An error with an explicit protocol; the Rust kprf runs with half of them. */
function halfOfCredentials({ kafka }: Settled): string | undefined {
  const { security_protocol: protocol, user, password } = kafka
  const message = alone({ 'kafka.user': user, 'kafka.password': password })
  if (protocol !== '' || message === undefined) return undefined
  return `${message}: kprf connects to Kafka without user and password`
}

function levelBeyondCodec({ kafka: { properties } }: Settled): string | undefined {
  const codec = properties['compression.codec']
  const level = properties['compression.level']
  const highest = HIGHEST_LEVELS[codec] ?? 0
  if (level <= highest) return undefined
  return `compression.level ${level} is outside the range of ${codec}; ${highest === 0 ? 'it has no levels' : `kprf uses ${highest}`}`
}
