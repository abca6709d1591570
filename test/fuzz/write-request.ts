/** Writes the same records for each of the doors. */
import type { SeededRandom } from '../support/random.ts'
import type { FuzzRecord } from './draw-request.ts'

/** Records, written for one of the doors. */
export interface Written {
  readonly records: readonly FuzzRecord[]
  readonly path: string
  readonly type: string
  /** Further lines of the head. */
  readonly attributes: readonly string[]
  readonly text: string
  /** Whether the text is one JSON. */
  readonly isJson: boolean
}

function writePush(records: readonly FuzzRecord[], random: SeededRandom): Written {
  const text = JSON.stringify({
    records: records.map(({ id, topic }) => ({
      ...{ topic, key: id, data: id },
      ...(random.chance(0.5) && { headers: { id } }),
    })),
    ...(random.chance(0.5) && { wait_for_send: random.chance(0.5) }),
  })
  return { records, path: '/push', type: 'application/json', attributes: [], text, isJson: true }
}

/** Writes records as events, all of them to the topic of the first. */
function writeEvents(drawn: readonly FuzzRecord[], random: SeededRandom): Written {
  const { topic, records } = ofOneTopic(drawn)
  const events = records.map(({ id }) => ({
    ...{ specversion: '1.0', id, source: '/fuzz', type: 't', partitionkey: id },
  }))
  const path = `/topics/${topic}/events`
  const [event, ...others] = events
  if (event === undefined || others.length > 0 || random.chance(0.3)) {
    const type = 'application/cloudevents-batch+json'
    return { records, path, type, attributes: [], text: JSON.stringify(events), isJson: true }
  }
  if (random.chance(0.5)) {
    const type = 'application/cloudevents+json'
    return { records, path, type, attributes: [], text: JSON.stringify(event), isJson: true }
  }
  const attributes = Object.entries(event).map(([name, value]) => `ce-${name}: ${value}`)
  return {
    records,
    path,
    type: 'application/json',
    attributes,
    text: JSON.stringify(event.id),
    isJson: true,
  }
}

/** Writes records for a door whose topic is in the path: that of the first. */
function ofOneTopic(drawn: readonly FuzzRecord[]): {
  readonly topic: string
  readonly records: readonly FuzzRecord[]
} {
  const topic = drawn[0]?.topic ?? 'shop.orders'
  return { topic, records: drawn.map(({ id }) => ({ id, topic })) }
}

function writeLines(drawn: readonly FuzzRecord[], random: SeededRandom): Written {
  const { topic, records } = ofOneTopic(drawn)
  const isEnvelope = random.chance(0.5)
  const lines = records.map(({ id }) => JSON.stringify(isEnvelope ? { data: id, key: id } : id))
  return {
    records,
    path: `/topics/${topic}/ndjson?envelope=${isEnvelope}&wait=${random.chance(0.5)}`,
    ...{ type: 'application/x-ndjson', attributes: [], isJson: false },
    text: lines.map((line) => `${line}\n`).join(''),
  }
}

function writeRest(drawn: readonly FuzzRecord[], random: SeededRandom): Written {
  const { topic, records } = ofOneTopic(drawn)
  const path = random.pick([`/topics/${topic}`, `/topics/${topic}/partitions/0`])
  return {
    ...{ records, path: random.chance(0.3) ? `${path}?async=true` : path, isJson: true },
    ...{ type: 'application/vnd.kafka.json.v2+json', attributes: [] },
    text: JSON.stringify({ records: records.map(({ id }) => ({ key: id, value: id })) }),
  }
}

function writeV3(drawn: readonly FuzzRecord[], random: SeededRandom): Written {
  const { topic, records } = ofOneTopic(drawn)
  const path = `/v3/clusters/c/topics/${topic}/records`
  const entries = records.map(({ id }, index) => ({
    ...{ id: String(index), value: { type: 'STRING', data: id } },
  }))
  const usual = { records, type: 'application/json', attributes: [] }
  if (random.chance(0.3)) {
    return { ...usual, path: `${path}:batch`, text: JSON.stringify({ entries }), isJson: true }
  }
  const text = entries.map((entry) => JSON.stringify(entry)).join(random.pick(['', '\r\n']))
  return { ...usual, path, text, isJson: false }
}

/** Writes records for one of the doors: most often `/push`. */
export function writeRequest(drawn: readonly FuzzRecord[], random: SeededRandom): Written {
  if (random.chance(0.5)) return writePush(drawn, random)
  return random.pick([writeEvents, writeLines, writeRest, writeV3])(drawn, random)
}
