/** The page: connects to kprf, and shows what it says. */
import { startCharts } from './charts.js'
import { connect } from './connection.js'
import { element, make, setAttribute, setText } from './dom.js'
import { startMeters } from './meters.js'
import { startProblems } from './problems.js'
import { startRecords } from './records.js'
import { startBrokers, startTopics, startWorkers } from './tables.js'
import { startTiles } from './tiles.js'
import { askToken } from './token.js'
import { startVerdict } from './verdict.js'

const state = element('state')
const main = element('main')
const verdict = startVerdict()
const parts = [
  ...[verdict.show, startTiles(), startCharts(), startMeters(), startProblems()],
  ...[startTopics(), startBrokers(), startWorkers()],
]
let hasRecords = false

/**
 * Whether what the page shows is of now.
 *
 * @param {'good' | 'bad' | 'waiting'} name
 * @param {string} text
 */
function showState(name, text) {
  setAttribute(state, 'data-state', name)
  setText(state, text)
  setAttribute(main, 'data-stale', String(name === 'bad'))
}

/** @type {Record<string, (data: any) => void>} */
const SHOW = {
  hello: ({ version, commit, hasStatistics, isBrokerEmbedded }) => {
    setText(element('version'), version)
    element('version').title = `commit ${commit}`
    element('footnote').replaceChildren(...footnote(hasStatistics))
    if (!isBrokerEmbedded || hasRecords) return
    hasRecords = true
    startRecords(element('records'))
  },
  figures: (figures) => {
    showState('good', 'live')
    for (const show of parts) show(figures)
  },
}

/** @param {boolean} hasStatistics */
function footnote(hasStatistics) {
  const figures = 'Rates are of the last second; latencies and round trips of the last ten.'
  return hasStatistics
    ? [`${figures} Each broker and partition in full: `, make('code', {}, '/stats'), '.']
    : [
        `${figures} For each broker and partition in full, set `,
        make('code', {}, 'kafka.statistics_interval_ms'),
        ' to 5000, say, and look at ',
        make('code', {}, '/stats'),
        '.',
      ]
}

void connect({
  onEvent: (name, data) => SHOW[name]?.(data),
  onLost: (reason) => {
    showState('bad', 'kprf is away')
    verdict.lost(reason)
  },
  askToken: async (message, wasWrong) => {
    showState('waiting', 'needs a token')
    const token = await askToken(message, wasWrong)
    showState('waiting', 'connecting …')
    return token
  },
})
