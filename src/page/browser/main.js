/** The page: connects to kprf, and shows what it says. */
import { connect } from './connection.js'
import { element } from './dom.js'
import { startRecords } from './records.js'
import { askToken } from './token.js'

const state = element('state')
let hasRecords = false

/** @type {Record<string, (data: any) => void>} */
const SHOW = {
  hello: ({ version, isBrokerEmbedded }) => {
    element('version').textContent = version
    if (isBrokerEmbedded && !hasRecords) {
      hasRecords = true
      startRecords(element('records'))
    }
  },
  figures: () => {
    state.dataset.state = 'good'
    state.textContent = 'live'
  },
}

void connect({
  onEvent: (name, data) => SHOW[name]?.(data),
  onLost: (reason) => {
    state.dataset.state = 'bad'
    state.textContent = 'kprf is away'
    state.title = reason
  },
  askToken,
})
