/** Checks topics: existence, leaders, replicas in sync, the right to write, the size of records, compaction. */
import type { Config } from '../../config/types.ts'
import { isTopicName } from '../../config/lists/topic-name.ts'
import type { DescribedMetadata } from '../../producer/kafkajs/probe/described-metadata.ts'
import { type ConfigValues, type Probe, RESOURCE } from '../../producer/kafkajs/probe/probe.ts'
import { explain } from './explain.ts'
import { type Finding, Findings } from './finding.ts'
import type { Target } from './target.ts'

type RawTopic = DescribedMetadata['topicMetadata'][number]

/** What the checks of topics depend on. */
export interface TopicSettings {
  /** `kafka.request_required_acks`; -1 is all in-sync replicas. */
  readonly requiredAcks: number
  readonly messageMaxBytes: number
  /** Whether kprf asks brokers to create topics. */
  readonly mayCreateTopics: boolean
  /** Who kprf is to the brokers, for advice; `undefined` if that is not known. */
  readonly user: string | undefined
}

/** Kafka's numbers of operations and errors. */
const WRITE = 4
const UNKNOWN_TOPIC = 3
const INVALID_TOPIC = 17
const NOT_AUTHORIZED = 29
const LEADER_NOT_AVAILABLE = 5

const TOPIC_CONFIGS = [
  'min.insync.replicas',
  'max.message.bytes',
  'cleanup.policy',
  'message.timestamp.type',
]

/** What was found of topics. */
export interface CheckedTopics {
  readonly findings: readonly Finding[]
  readonly topics: readonly CheckedTopic[]
}

/** A topic that exists. */
export interface CheckedTopic {
  readonly name: string
  /** Partitions by their leaders. */
  readonly leaders: ReadonlyMap<number, readonly number[]>
  /** Whether brokers stamp records with their own clock. */
  readonly isStampedByBroker: boolean
}

/** The topics that the configuration names. */
export function configuredTopics({ http, ratelimit, wal }: Config): readonly string[] {
  const names = [
    ...http.webhooks.map(({ topic }) => topic),
    ...http.topics.allow,
    ...http.acl.flatMap(({ topics }) => topics),
    ...(ratelimit.enabled ? ratelimit.rules.map(({ topicName }) => topicName) : []),
    wal.enabled ? wal.deadLetters.topic : '',
  ]
  return [...new Set(names.filter((name) => name !== '' && isTopicName(name)))]
}

/** Checks these topics through an open connection. */
export async function checkTopics(
  names: readonly string[],
  probe: Pick<Probe, 'metadata' | 'configs'>,
  target: Target,
  settings: TopicSettings,
): Promise<CheckedTopics> {
  if (names.length === 0) {
    const text = 'none checked: the configuration names no topic; give some with --topic=TOPIC'
    return { findings: [new Findings('topic').skipped(text)], topics: [] }
  }
  try {
    const metadata = await probe.metadata(names)
    const results = []
    for (const name of names) {
      const topic = metadata.topicMetadata.find((one) => one.topic === name)
      const isThere = topic?.topicErrorCode === 0 || topic?.topicErrorCode === LEADER_NOT_AVAILABLE
      const configs = isThere ? await configsOf(probe, name) : undefined
      const canBeCreated =
        topic?.topicErrorCode === UNKNOWN_TOPIC && settings.mayCreateTopics
          ? await createsTopics(probe, metadata)
          : false
      const facts = { topic, configs, operations: metadata.operations.get(name), canBeCreated }
      results.push({ findings: judgeTopic(name, facts, settings), found: foundTopic(facts) })
    }
    return {
      findings: results.flatMap(({ findings }) => findings),
      topics: results.flatMap(({ found }) => found ?? []),
    }
  } catch (error) {
    const { text, advice } = explain(error, target)
    return { findings: [new Findings('topic').problem(text, advice)], topics: [] }
  }
}

/** Values that cannot be read make the check smaller, not wrong. */
async function configsOf(
  probe: Pick<Probe, 'configs'>,
  name: string,
): Promise<ConfigValues | undefined> {
  return await probe.configs(RESOURCE.topic, name, TOPIC_CONFIGS).catch(() => undefined)
}

/** Whether brokers create topics; `undefined` if they do not say. */
async function createsTopics(
  probe: Pick<Probe, 'configs'>,
  { brokers }: DescribedMetadata,
): Promise<boolean | undefined> {
  const key = 'auto.create.topics.enable'
  const [broker] = brokers
  if (broker === undefined) return undefined
  const values = await probe
    .configs(RESOURCE.broker, String(broker.nodeId), [key])
    .catch(() => undefined)
  const value = values?.get(key)
  return value === undefined ? undefined : value === 'true'
}

/** What Kafka says of a topic. */
export interface TopicFacts {
  readonly topic: RawTopic | undefined
  /** `undefined` if kprf may not read them. */
  readonly configs: ConfigValues | undefined
  /** A bit for each operation that kprf may do; `undefined` if the broker does not say. */
  readonly operations: number | undefined
  /** Whether the first push creates it; `undefined` if that is not known. */
  readonly canBeCreated: boolean | undefined
}

function foundTopic({ topic, configs }: TopicFacts): CheckedTopic | undefined {
  if (topic?.topicErrorCode !== 0) return undefined
  const leaders = Map.groupBy(topic.partitionMetadata, ({ leader }) => leader)
  return {
    name: topic.topic,
    leaders: new Map(
      [...leaders].map(([leader, partitions]) => [
        leader,
        partitions.map(({ partitionId }) => partitionId),
      ]),
    ),
    isStampedByBroker: configs?.get('message.timestamp.type') === 'LogAppendTime',
  }
}

/** Judges a topic. */
export function judgeTopic(
  name: string,
  facts: TopicFacts,
  settings: TopicSettings,
): readonly Finding[] {
  const of = new Findings('topic', name)
  const { topic } = facts
  switch (topic?.topicErrorCode) {
    case 0:
    case LEADER_NOT_AVAILABLE:
      return judgeExisting(of, topic, facts, settings)
    case undefined:
    case UNKNOWN_TOPIC:
      return [judgeMissing(of, facts.canBeCreated, settings)]
    case NOT_AUTHORIZED:
      return [
        of.problem(
          `${shownUser(settings)} may not see it: Kafka refuses Describe`,
          grant(name, settings, 'Describe and Write', '--operation Describe --operation Write'),
        ),
      ]
    case INVALID_TOPIC:
      return [
        of.problem(
          'Kafka does not allow this name',
          'use at most 249 letters, digits, dots, underscores and hyphens',
        ),
      ]
    default:
      return [
        of.problem(
          `Kafka answers error ${topic?.topicErrorCode}`,
          'try again; if it stays, read the logs of the brokers',
        ),
      ]
  }
}

function judgeMissing(
  of: Findings,
  canBeCreated: boolean | undefined,
  { mayCreateTopics }: TopicSettings,
): Finding {
  const create =
    'create it, as in kafka-topics.sh --create, with the partitions and replicas that it needs'
  if (canBeCreated === true) {
    return of.warning(
      'it does not exist; the first push creates it, with the defaults of the brokers',
      create,
    )
  }
  return canBeCreated === undefined
    ? of.warning('it does not exist, and the brokers do not say whether a push creates it', create)
    : of.problem(
        mayCreateTopics
          ? 'it does not exist, and the brokers do not create topics (auto.create.topics.enable)'
          : 'it does not exist, and kafka.properties.allow.auto.create.topics is false',
        create,
      )
}

function judgeExisting(
  of: Findings,
  topic: RawTopic,
  { configs, operations }: TopicFacts,
  settings: TopicSettings,
): readonly Finding[] {
  const findings = [
    ...judgeReplicas(of, topic, configs, settings),
    ...judgeSize(of, configs, settings),
  ]
  if (operations !== undefined && (operations & (1 << WRITE)) === 0) {
    findings.unshift(
      of.problem(
        `${shownUser(settings)} may not write to it: Kafka refuses its records`,
        grant(topic.topic, settings, 'Write', '--operation Write'),
      ),
    )
  }
  if (findings.some(({ status }) => status === 'problem')) return findings
  const { partitionMetadata: partitions } = topic
  const copies = Math.max(...partitions.map(({ replicas }) => replicas.length))
  const permission =
    operations === undefined
      ? 'Kafka does not say whether kprf may write to it'
      : 'kprf may write to it'
  const policy = configs?.get('cleanup.policy') ?? ''
  const compaction = policy.includes('compact')
    ? '; it is compacted: Kafka refuses records without a key'
    : ''
  const text = `${counted(partitions.length, 'partition')}, ${counted(copies, 'replica')} each; ${permission}${compaction}`
  return [of.ok(text), ...findings]
}

function judgeReplicas(
  of: Findings,
  { partitionMetadata: partitions }: RawTopic,
  configs: ConfigValues | undefined,
  { requiredAcks }: TopicSettings,
): Finding[] {
  const leaderless = partitions.filter(({ leader }) => leader < 0)
  const minimum = Number(configs?.get('min.insync.replicas') ?? 1)
  const behind = partitions.filter(({ isr, replicas }) => isr.length < replicas.length)
  const tooFew = partitions.filter(({ isr }) => isr.length < minimum)
  const isImpossible = partitions.some(({ replicas }) => replicas.length < minimum)
  const findings: Finding[] = []
  if (leaderless.length > 0) {
    findings.push(
      of.problem(
        `${shownPartitions(leaderless)} without a leader: their records wait, and then fail`,
        'start the brokers that have their replicas; kafka-topics.sh --describe names them',
      ),
    )
  }
  if (requiredAcks === -1 && tooFew.length > 0) {
    findings.push(
      of.problem(
        `${shownPartitions(tooFew)} with fewer replicas in sync than min.insync.replicas, which is ${minimum}: Kafka refuses records`,
        isImpossible
          ? `give the topic at least ${minimum} replicas, or lower its min.insync.replicas`
          : 'start the brokers that are down, or wait until their replicas have caught up',
      ),
    )
  } else if (behind.length > 0) {
    findings.push(
      of.warning(
        `${shownPartitions(behind)} with replicas that are not in sync`,
        'start the brokers that are down, or wait until their replicas have caught up',
      ),
    )
  }
  return findings
}

function judgeSize(
  of: Findings,
  configs: ConfigValues | undefined,
  { messageMaxBytes }: TopicSettings,
): Finding[] {
  const limit = Number(configs?.get('max.message.bytes') ?? Infinity)
  if (messageMaxBytes <= limit) return []
  return [
    of.warning(
      `kprf takes records of up to ${messageMaxBytes} bytes (kafka.message_max_bytes), and this topic only ${limit} (max.message.bytes): Kafka refuses those between`,
      `set kafka.message_max_bytes to at most ${limit}, or max.message.bytes of the topic to at least ${messageMaxBytes}`,
    ),
  ]
}

function shownPartitions(partitions: readonly { readonly partitionId: number }[]): string {
  const ids = partitions.map(({ partitionId }) => partitionId)
  const shown = ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and more` : ids.join(', ')
  return `${counted(ids.length, 'partition')} (${shown})`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function shownUser({ user }: TopicSettings): string {
  return user === undefined ? 'kprf' : `the user ${user}`
}

function grant(topic: string, { user }: TopicSettings, what: string, operations: string): string {
  const principal = user === undefined ? 'the principal of kprf' : `User:${user}`
  return `allow ${principal} ${what}, as in kafka-acls.sh --add --allow-principal User:${user ?? 'NAME'} ${operations} --topic ${topic}`
}
