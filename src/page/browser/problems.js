/** What went wrong lately, each with what to do. */
import { element, make, setText, withCode } from './dom.js'
import { ago, counted } from './format.js'

/** A problem is new for so long, ms. */
const NEW_MS = 60_000

/** Makes the list. @returns {(figures: any) => void} */
export function startProblems() {
  const none = make('p', { class: 'hint' }, 'Nothing went wrong in the last hour.')
  const list = make('ul', { class: 'problems' })
  element('problems').replaceChildren(none, list)
  /** @type {Map<string, ReturnType<typeof makeProblem>>} */
  const known = new Map()
  return ({ problems, nowMs }) => {
    none.hidden = problems.length > 0
    const codes = new Set(problems.map((/** @type {any} */ { code }) => code))
    for (const [code, { item }] of known) {
      if (codes.has(code)) continue
      item.remove()
      known.delete(code)
    }
    for (const [index, problem] of problems.entries()) {
      let shown = known.get(problem.code)
      if (shown === undefined) known.set(problem.code, (shown = makeProblem(problem)))
      if (list.children[index] !== shown.item)
        list.insertBefore(shown.item, list.children[index] ?? null)
      shown.update(problem, nowMs)
    }
  }
}

/** @param {any} problem */
function makeProblem({ code, meaning }) {
  const when = make('span', { class: 'when' })
  const last = make('p', { class: 'last' })
  const remedy = make('p', { class: 'remedy' })
  const head = make('h3', {}, meaning)
  const item = make(
    'li',
    {},
    make('div', { class: 'problem-head' }, head, when),
    last,
    remedy,
    make('p', { class: 'code-name' }, code),
  )
  let remedyText = ''
  return {
    item,
    /**
     * @param {any} problem
     * @param {number} nowMs
     */
    update(problem, nowMs) {
      const sinceMs = nowMs - problem.lastMs
      item.dataset.state = sinceMs < NEW_MS ? 'bad' : 'none'
      setText(when, `${amount(problem)}, ${ago(sinceMs)}`)
      setText(last, lastTime(problem))
      last.hidden = last.textContent === ''
      if (problem.remedy === remedyText) return
      remedyText = problem.remedy
      remedy.replaceChildren(make('strong', {}, 'What to do: '), ...withCode(remedyText))
    },
  }
}

/** @param {any} problem */
function amount({ records, requests, times }) {
  const parts = [
    ...(records > 0 ? [counted(records, 'record')] : []),
    ...(requests > 0 ? [counted(requests, 'request')] : []),
  ]
  if (parts.length > 0) return parts.join(', ')
  return times === 1 ? 'once' : counted(times, 'time')
}

/** @param {any} problem */
function lastTime({ text, topics }) {
  const where = topics.length > 0 ? `Topic${topics.length > 1 ? 's' : ''} ${topics.join(', ')}` : ''
  return [where, text].filter((part) => part !== '').join(': ')
}
