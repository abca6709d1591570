/** What a property may be, and what is said of what it may not be, are as in librdkafka itself: kcat is asked. */
import { describe, expect, it } from 'vitest'
import { runCommand } from '../kafka/cluster/command.ts'
import { requireTool } from '../kafka/cluster/tools.ts'
import { CATALOG, findProperty } from '../../src/config/properties/catalog.ts'
import { parseValue } from '../../src/config/properties/parse-value.ts'
import type { Property } from '../../src/config/properties/property.ts'

/** Those that are newer than the librdkafka of kcat, or that it was built without. */
const TOO_NEW = new Set([
  'client.dns.lookup',
  'enable.metrics.push',
  'https.ca.location',
  'https.ca.pem',
  'metadata.recovery.rebootstrap.trigger.ms',
  'metadata.recovery.strategy',
  'retry.backoff.max.ms',
  'sasl.oauthbearer.assertion.algorithm',
  'sasl.oauthbearer.assertion.claim.exp.seconds',
  'sasl.oauthbearer.assertion.claim.jti.include',
  'sasl.oauthbearer.assertion.claim.nbf.seconds',
  'sasl.oauthbearer.grant.type',
  'sasl.oauthbearer.metadata.authentication.type',
  'sasl.oauthbearer.method',
])
/** Bounds that were others in the librdkafka of kcat: its version is 2.0, that of the catalog 2.15. */
const CHANGED = new Set(['retry.backoff.ms', 'ssl.endpoint.identification.algorithm'])

/** What librdkafka says to a value; `undefined` when it takes it. */
async function librdkafkaSaysOf(name: string, value: string): Promise<string | undefined> {
  try {
    await runCommand(await requireTool('kcat'), ['-X', `${name}=${value}`, '-X', 'dump'])
    return undefined
  } catch (error) {
    return /% ERROR: (.*)/.exec(String(error))?.[1] ?? String(error)
  }
}

function kprfSaysOf(name: string, value: string): string | undefined {
  const named = findProperty(name)
  if (!named) return 'not known'
  const parsed = parseValue(named, value)
  return parsed.status === 'wrong' ? parsed.message : undefined
}

/** Values at every bound, just beyond it, and of another kind. */
function valuesOf(property: Property): readonly string[] {
  const { type, min = 0, max = 0, choices = [] } = property.kind
  const words = ('words' in property && property.words) || {}
  switch (type) {
    case 'integer':
    case 'float':
      // A C int: what is beyond it wraps around.
      return [min - 1, min, max, ...(max < 2 ** 31 - 1 ? [max + 1] : [])]
        .map(String)
        .concat(Object.keys(words), 'nonsense', `0x${max.toString(16)}`.slice(0, 5))
        .filter((value) => type !== 'float' || !value.startsWith('0x'))
    case 'boolean':
      return ['true', 'FALSE', 't', 'f', '1', '0', 'yes', 'nonsense']
    case 'enum value':
      return [...choices, ...choices.map((word) => word.toUpperCase()), 'nonsense']
    case 'string':
    case 'CSV flags':
    case 'pattern list':
    case 'API':
    case 'broker list':
    case 'rate limit rules':
    case 'tokens':
    case 'access rules':
    case 'quotas':
    case 'webhooks':
    case 'topic patterns':
    case 'text list':
    case 'words':
    case 'acknowledgements':
      return []
  }
}

const ASKED = Array.from(CATALOG, ([name, property]) => [name, valuesOf(property)] as const).filter(
  ([, values]) => values.length > 0,
)

describe('what kprf says of a value is what librdkafka says', () => {
  it.each(ASKED)('%s', async (name, values) => {
    if (TOO_NEW.has(name)) {
      expect(await librdkafkaSaysOf(name, values[0] ?? '')).toMatch(
        /^No such configuration|not supported/,
      )
      return
    }
    for (const value of values) {
      const librdkafka = await librdkafkaSaysOf(name, value)
      const kprf = kprfSaysOf(name, value)

      if (!CHANGED.has(name))
        expect(kprf === undefined, `${name}=${value}`).toBe(librdkafka === undefined)
      if (librdkafka?.includes('outside allowed range') === true) expect(kprf).toBe(librdkafka)
      if (librdkafka?.startsWith('Expected bool') === true) expect(kprf).toBe(librdkafka)
    }
  })

  it('also of a name that there is not', async () => {
    expect(await librdkafkaSaysOf('linger.mss', '1')).toBe(
      'No such configuration property: "linger.mss"',
    )
  })
})
