/** Topics, brokers and workers. */
import { element, make } from './dom.js'
import { age, ago, bytes, count, duration, NOTHING, rate } from './format.js'
import { startTable } from './table.js'

/** All topics without figures of their own: comes last. */
const OTHERS = 'other'
/** The last failure of a topic that is older does not move it to the top, ms. */
const RECENT_MS = 60_000

/** Makes the table of topics. @returns {(figures: any) => void} */
export function startTopics() {
  const show = startTable(element('topics'), {
    label: 'Topics',
    empty: 'No topic has records yet. Push one, and it appears here.',
    keyOf: ({ topic }) => topic,
    stateOf: ({ isFailing }) => (isFailing ? 'bad' : 'good'),
    most: 20,
    columns: [
      {
        title: 'Topic',
        kind: 'name',
        content: ({ topic }) => (topic === OTHERS ? 'other topics' : topic),
      },
      { title: 'Received/s', kind: 'number', content: ({ received }) => rate(received) },
      { title: 'Delivered/s', kind: 'number', content: ({ delivered }) => rate(delivered) },
      { title: 'Failed/s', kind: 'number', content: ({ failed }) => rate(failed) },
      {
        title: 'Last error',
        kind: 'wide',
        content: ({ failure, nowMs }) =>
          failure === null ? NOTHING : `${failure.text}, ${ago(nowMs - failure.lastMs)}`,
      },
    ],
  })
  return ({ topics, nowMs }) => {
    const rows = topics.map((/** @type {any} */ row) => ({
      ...row,
      nowMs,
      isFailing: row.failure !== null && nowMs - row.failure.lastMs < RECENT_MS,
    }))
    const visible = rows.filter(
      (/** @type {any} */ { topic, received, delivered, failed, failure }) =>
        topic !== OTHERS || received + delivered + failed > 0 || failure !== null,
    )
    visible.sort(
      (/** @type {any} */ one, /** @type {any} */ other) =>
        Number(other.isFailing) - Number(one.isFailing) ||
        Number(one.topic === OTHERS) - Number(other.topic === OTHERS) ||
        (one.topic < other.topic ? -1 : 1),
    )
    show(visible)
  }
}

/** State, and its sign, in words. @type {Record<string, [string, string]>} */
const BROKER_STATES = {
  up: ['good', 'connected'],
  connecting: ['warn', 'connecting'],
  idle: ['none', 'no connection needed'],
  down: ['bad', 'away'],
}

/** Makes the table of brokers. @returns {(figures: any) => void} */
export function startBrokers() {
  const show = startTable(element('brokers'), {
    label: 'Brokers',
    empty: 'No broker is known yet.',
    keyOf: ({ address }) => address,
    stateOf: ({ state }) => (state === 'down' ? 'bad' : 'good'),
    columns: [
      {
        title: 'Broker',
        kind: 'name',
        content: ({ address, nodeId }) => (nodeId === null ? address : `${address} (id ${nodeId})`),
      },
      {
        title: 'State',
        content: ({ state }) => ({
          key: state,
          nodes: () => [pill(...(BROKER_STATES[state] ?? ['none', state]))],
        }),
      },
      { title: 'For', kind: 'number', content: ({ stateAgeMs }) => age(stateAgeMs) },
      { title: 'Round trip', kind: 'number', content: ({ roundTripMs }) => duration(roundTripMs) },
      {
        title: 'Throttled',
        kind: 'number',
        content: ({ throttleMs }) => (throttleMs > 0 ? duration(throttleMs) : 'no'),
      },
      { title: 'Why', kind: 'wide', content: ({ reason }) => reason ?? NOTHING },
    ],
  })
  return ({ brokers }) => {
    show(brokers)
  }
}

/** @type {Record<string, [string, string]>} */
const WORKER_STATES = {
  accepting: ['good', 'accepts pushes'],
  starting: ['warn', 'not accepting'],
  retiring: ['none', 'finishing'],
}

/** Makes the table of workers. @returns {(figures: any) => void} */
export function startWorkers() {
  const section = element('workers-section')
  const show = startTable(element('workers'), {
    label: 'Workers',
    empty: 'No worker runs.',
    keyOf: ({ pid }) => String(pid),
    columns: [
      { title: 'Worker', kind: 'name', content: ({ slot }) => String(slot) },
      { title: 'Process', kind: 'number', content: ({ pid }) => String(pid) },
      {
        title: 'State',
        content: ({ state }) => ({
          key: state,
          nodes: () => [pill(...(WORKER_STATES[state] ?? ['none', state]))],
        }),
      },
      {
        title: 'Queued records',
        kind: 'number',
        content: ({ queuedRecords }) => count(queuedRecords),
      },
      { title: 'Their memory', kind: 'number', content: ({ memoryBytes }) => bytes(memoryBytes) },
    ],
  })
  return ({ workers }) => {
    section.hidden = workers.length === 0
    show(workers)
  }
}

/**
 * @param {string} state
 * @param {string} text
 */
function pill(state, text) {
  return make('span', { class: 'pill', 'data-state': state }, text)
}
