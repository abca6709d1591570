import type { LiveSample } from '../../base/live-sample.ts'

/** Whether records flow, in a word, a sentence, and what to do. */
export interface Verdict {
  readonly state: 'good' | 'warn' | 'bad'
  readonly title: string
  /** May have names of keys in backticks. */
  readonly text: string
}

/** What happened in the last seconds. */
export interface Lately {
  readonly delivered: number
  /** Records that were admitted and not delivered. */
  readonly failed: number
}

/** From this share on, a queue or log is nearly full. */
const NEARLY_FULL = 0.8

/** What to do about each check of readiness. */
const CHECK_REMEDIES: Readonly<Record<string, string>> = {
  accepting: 'Load balancers send it nothing more. What it has accepted is still delivered.',
  kafka:
    'Records wait in the queue until `kafka.message_timeout_ms`. See Brokers and Problems below.',
  wal: 'Pushes that do not wait are refused. Check the disk of `wal.dir`, and see Problems below.',
  queue:
    'Kafka takes records more slowly than they arrive. See Brokers below; `kafka.queue_buffering_max_messages` and `kafka.queue_buffering_max_kbytes` are the limits.',
  memory:
    'Kafka takes records more slowly than they arrive. `kafka.queue_memory_max_kbytes` is the limit.',
  workers: 'Pushes are not answered. The log of kprf says why.',
  certificate: 'Renew the certificate, and send kprf SIGHUP.',
}

/** The verdict on one sample: the worst of what is wrong. */
export function verdictOn(sample: LiveSample, lately: Lately): Verdict {
  return notReady(sample) ?? troubled(sample, lately) ?? healthy(lately)
}

function notReady({ checks }: LiveSample): Verdict | undefined {
  const failed = checks.find(({ problem }) => problem !== undefined)
  if (failed === undefined) return undefined
  const { name, problem = '' } = failed
  const text = CHECK_REMEDIES[name] ?? 'The log of kprf says more.'
  return { state: 'bad', title: `Not ready: ${problem}`, text }
}

function troubled(sample: LiveSample, { failed }: Lately): Verdict | undefined {
  const { brokers, queues, topicFailures } = sample
  const down = brokers.filter(({ state }) => state === 'down')
  const isKafkaAway = down.length > 0 && down.length === brokers.length
  if (isKafkaAway && queues.log) {
    return warning(
      'Kafka is away: records wait in the log',
      'Pushes that do not wait are accepted, and delivered when Kafka is back.',
    )
  }
  if (failed > 0) {
    const last = Object.values(topicFailures).toSorted((one, other) => other.lastMs - one.lastMs)[0]
    return warning('Records fail', `${last?.text ?? 'See Problems below'}.`)
  }
  if (down.length > 0) {
    const names = down.map(({ address }) => address).join(', ')
    return warning(
      `Ready, but ${down.length === 1 ? 'a broker is' : `${down.length} brokers are`} away`,
      `${names}: ${down[0]?.reason ?? 'it does not answer'}.`,
    )
  }
  return nearlyFull(sample)
}

function nearlyFull({ queues }: LiveSample): Verdict | undefined {
  const fills = [
    ...[queues.records, queues.bytes, queues.memory].map((fill) => ['queue', fill] as const),
    ...(queues.log ? [['write-ahead log', queues.log.bytes] as const] : []),
  ]
  for (const [name, { used, limit }] of fills) {
    if (limit === undefined || used < limit * NEARLY_FULL) continue
    return warning(
      `The ${name} is more than ${inFives(used / limit)} % full`,
      'Kafka takes records more slowly than they arrive. When it is full, pushes are refused with 503.',
    )
  }
  return undefined
}

/** A sentence that changes each second is none for those who have it read to them. */
function inFives(share: number): number {
  return Math.floor(share * 20) * 5
}

function healthy({ delivered }: Lately): Verdict {
  return delivered > 0
    ? {
        state: 'good',
        title: 'Records flow',
        text: 'kprf is ready, and Kafka takes what is pushed.',
      }
    : { state: 'good', title: 'Ready', text: 'Nothing was pushed in the last seconds.' }
}

function warning(title: string, text: string): Verdict {
  return { state: 'warn', title, text }
}
