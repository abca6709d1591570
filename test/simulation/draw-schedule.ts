/** Draws a run from a seed: its cluster, the producer's settings, the load and the faults. */
import { DEFAULT_SETTINGS } from '../support/default-settings.ts'
import type { HarnessSettings } from '../support/producer-harness.ts'
import { SeededRandom } from '../support/random.ts'
import { drawFault, drawVersionsLie } from './draw-fault.ts'
import type { ChaosEvent, ClientPlan, FaultyApi, Schedule, TopicPlan } from './schedule.ts'

/** A topic that never exists. */
const UNKNOWN_TOPIC = 'nowhere'
/** A topic that is created during some runs. */
const LATE_TOPIC = 'late'
/** Separates these draws, so that they do not change the others of a seed. */
const BESIDES_SALT = 0x5eed_0003
const USUAL_MAX_MESSAGE_BYTES = 1_048_588

const APIS = [
  ...(['Produce', 'Produce', 'Produce', 'Produce', 'Produce', 'Produce'] as const),
  ...(['Metadata', 'Metadata', 'ApiVersions', 'InitProducerId'] as const),
  ...(['SaslHandshake', 'SaslAuthenticate'] as const),
]

/** Draws the schedule of a seed. @param brokers - overrides the number drawn. */
export function drawSchedule(seed: number, brokers?: number): Schedule {
  const dice = new SeededRandom(seed)
  const brokersDrawn = dice.pick([1, 2, 3, 3])
  const brokerCount = brokers ?? brokersDrawn
  const topics = Array.from({ length: dice.between(1, 4) }, (_, index) => ({
    name: `t${index}`,
    partitions: dice.between(1, 4),
    maxMessageBytes: dice.chance(0.2) ? 2_000 : USUAL_MAX_MESSAGE_BYTES,
  }))
  const loadMs = dice.between(150, 500)
  const besides = drawBesides(new SeededRandom(seed ^ BESIDES_SALT), loadMs)
  return {
    seed,
    brokers: brokerCount,
    settings: drawSettings(dice),
    topics,
    clients: Array.from({ length: dice.between(2, 7) }, (_, index) =>
      drawClient(dice, `c${index}`, topics),
    ),
    loadMs,
    events: [
      ...Array.from({ length: dice.between(1, 14) }, () =>
        drawEvent(dice, topics, brokerCount, loadMs),
      ),
      ...besides,
    ].sort((one, other) => one.atMs - other.atMs),
    ending: dice.pick(['settle', 'settle', 'settle', 'settle', 'drain', 'close']),
    compressionMs: dice.chance(0.5) ? dice.pick([0, 1, dice.between(2, 20)]) : undefined,
    producerEpochs: dice.chance(0.5) ? 'producer' : 'partition',
    isSasl: dice.chance(0.3),
    bootstrap: besides.some(({ kind }) => kind === 'moveCluster') ? 'name' : 'addresses',
  }
}

/** Draws a cluster that moves, and brokers that omit requests from their API versions when asked again. */
function drawBesides(dice: SeededRandom, loadMs: number): ChaosEvent[] {
  const events: ChaosEvent[] = []
  if (dice.chance(0.15)) {
    const outage = dice.pick(['hung', 'cut'] as const)
    events.push({ kind: 'moveCluster', atMs: dice.between(0, loadMs), outage })
  }
  if (dice.chance(0.2)) {
    const atMs = dice.chance(0.5) ? 0 : dice.between(0, loadMs)
    const fault = drawVersionsLie(dice)
    const everywhere = { brokerId: undefined, topic: undefined }
    const times = dice.pick([1, 1, 3, 30])
    events.push(
      { kind: 'fault', atMs, api: 'ApiVersions', fault, times, ...everywhere },
      { kind: 'cutConnections', atMs, brokerId: undefined },
    )
  }
  return events
}

function drawSettings(dice: SeededRandom): HarnessSettings {
  const retryBackoffMs = dice.between(5, 20)
  const isIdempotent = dice.chance(0.4)
  return {
    ...DEFAULT_SETTINGS,
    mayCreateTopics: false,
    messageMaxBytes: dice.pick([8_000, 1_048_576]),
    queueBufferingMaxMessages: dice.pick([15, 100, 100_000, 100_000, 0]),
    queueBufferingMaxKbytes: dice.pick([16, 1_048_576, 1_048_576]),
    lingerMs: dice.pick([0, 1, 5, 20]),
    batchNumMessages: dice.pick([1, 1, 3, 10, 10_000, 10_000]),
    batchSizeBytes: dice.pick([600, 5_000, 1_000_000]),
    retries: isIdempotent ? dice.pick([1, 3, 1_000]) : dice.pick([0, 1, 3, 1_000]),
    retryBackoffMs,
    retryBackoffMaxMs: dice.pick([retryBackoffMs, 50, 100]),
    topicMetadataRefreshFastIntervalMs: retryBackoffMs,
    messageTimeoutMs: dice.pick([dice.between(200, 800), dice.between(2_000, 8_000)]),
    requestTimeoutMs: 1_000,
    requiredAcks: isIdempotent ? -1 : dice.pick([-1, -1, 1]),
    enableIdempotence: isIdempotent,
    socketTimeoutMs: dice.pick([dice.between(100, 400), 1_000, 60_000]),
    stickyPartitioningLingerMs: dice.pick([0, 5, 20]),
    topicMetadataRefreshIntervalMs: dice.pick([50, 1_000, 300_000]),
    topicMetadataPropagationMaxMs: dice.between(50, 400),
    queueFullWaitMs: dice.pick([0, 20, 100]),
    maxInFlight: dice.pick(isIdempotent ? [1, 5] : [1, 5, 5, 100]),
  }
}

function drawClient(dice: SeededRandom, name: string, topics: readonly TopicPlan[]): ClientPlan {
  const known = topics.map((topic) => topic.name)
  const own = known.filter(() => dice.chance(0.6))
  const strange = [UNKNOWN_TOPIC, LATE_TOPIC].filter(() => dice.chance(0.15))
  return {
    name,
    seed: dice.between(0, 2 ** 31),
    mode: dice.pick(['sync', 'async', 'silent', 'httpSync', 'httpAsync']),
    addressing: dice.pick(['key', 'partition', 'none']),
    topics: [...(own.length > 0 ? own : known), ...strange],
    maxRecords: dice.pick([1, 4, 30]),
    maxPauseMs: dice.pick([5, 20, 60]),
    maxValueBytes: dice.pick([50, 50, 400, 12_000]),
  }
}

function drawEvent(
  dice: SeededRandom,
  topics: readonly TopicPlan[],
  brokers: number,
  loadMs: number,
): ChaosEvent {
  // Some requests are sent only at the start.
  const atMs = dice.chance(0.1) ? 0 : dice.between(0, loadMs)
  const { name: topic, partitions } = dice.pick(topics)
  const brokerId = dice.between(1, brokers)
  const roll = dice.next()
  if (roll < 0.58) return { atMs, ...drawFaultEvent(dice, brokerId, topic, brokers) }
  if (roll < 0.64) return { atMs, kind: 'holdUp', forMs: dice.between(200, 2_000) }
  if (roll < 0.72) {
    return {
      ...{ atMs, kind: dice.pick(['hung', 'cut']), brokerId },
      forMs: dice.pick([dice.between(20, 900), dice.between(500, 6_000)]),
      noticedAfterMs: dice.chance(0.5) ? dice.between(50, 3_000) : undefined,
    }
  }
  if (roll < 0.8) return { atMs, kind: 'stopBroker', brokerId, forMs: dice.between(20, 400) }
  if (roll < 0.85) {
    return { atMs, kind: 'cutConnections', brokerId: dice.chance(0.5) ? brokerId : undefined }
  }
  if (roll < 0.94) {
    const partition = dice.between(0, partitions - 1)
    return {
      atMs,
      kind: 'moveLeader',
      topic,
      partition,
      brokerId: dice.chance(0.2) ? -1 : brokerId,
    }
  }
  if (roll < 0.95) return { atMs, kind: 'deleteTopic', topic }
  if (roll < 0.97) {
    const { maxMessageBytes } = dice.pick(topics)
    const recreated = { name: topic, partitions, maxMessageBytes }
    return { atMs, kind: 'recreateTopic', topic: recreated, afterMs: dice.between(0, 600) }
  }
  if (roll < 0.985) {
    const late = { name: LATE_TOPIC, partitions, maxMessageBytes: USUAL_MAX_MESSAGE_BYTES }
    return { atMs, kind: 'createTopic', topic: late }
  }
  return { atMs, kind: 'addPartitions', topic, count: partitions + dice.between(1, 3) }
}

function drawFaultEvent(
  dice: SeededRandom,
  brokerId: number,
  topic: string,
  brokers: number,
): Omit<ChaosEvent & { kind: 'fault' }, 'atMs'> {
  const api: FaultyApi = dice.pick(APIS)
  return {
    kind: 'fault',
    api,
    fault: drawFault(dice, api, brokers),
    times: dice.pick([1, 1, 1, 2, 5, 30]),
    brokerId: dice.chance(0.5) ? brokerId : undefined,
    topic: api === 'Produce' && dice.chance(0.5) ? topic : undefined,
  }
}
