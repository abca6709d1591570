/** Whether records flow: in a word and a sentence, and what each check of readiness says. */
import { element, make, setAttribute, setText, withCode } from './dom.js'

/** @type {Record<string, string>} */
const CHECK_NAMES = {
  accepting: 'accepts pushes',
  kafka: 'reaches Kafka',
  wal: 'log on disk works',
  queue: 'room in the queue',
  memory: 'room in memory',
  workers: 'workers run',
  certificate: 'certificate is valid',
}

/** Shows it. @returns {{ show: (figures: any) => void, lost: (reason: string) => void }} */
export function startVerdict() {
  const section = element('verdict')
  const title = element('verdict-title')
  const text = element('verdict-text')
  const checks = element('checks')
  let lastText = ''
  let lastChecks = ''

  /**
   * @param {string} state
   * @param {string} heading
   * @param {string} sentence
   */
  const say = (state, heading, sentence) => {
    setAttribute(section, 'data-state', state)
    setText(title, heading)
    document.title = `${heading} · kprf`
    if (sentence === lastText) return
    lastText = sentence
    text.replaceChildren(...withCode(sentence))
  }
  return {
    show: (figures) => {
      const { state, title: heading, text: sentence } = figures.verdict
      say(state, heading, sentence)
      const key = JSON.stringify(figures.checks)
      checks.hidden = false
      if (key === lastChecks) return
      lastChecks = key
      checks.replaceChildren(...figures.checks.map(checkItem))
    },
    lost: (reason) => {
      say(
        'bad',
        'kprf is away',
        `${capital(reason)}. What you see below is the last that was known; this page tries again by itself.`,
      )
      checks.hidden = true
    },
  }
}

/** @param {any} check */
function checkItem({ name, problem }) {
  const isGood = problem === undefined
  const words = isGood ? (CHECK_NAMES[name] ?? name) : problem
  return make('li', { class: 'pill', 'data-state': isGood ? 'good' : 'bad' }, words)
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
