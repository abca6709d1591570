/** The part of the page that is there on an embedded broker only: topics with their last records, and a form to push. */
import { currentToken } from './connection.js'
import { element, setText } from './dom.js'
import { readEvents, Refused } from './events.js'
import { startForm } from './records-form.js'
import { recordList, topicList } from './records-list.js'
import { askToken } from './token.js'

/** The token for pushes, where it is not that of the figures. It stays in this tab, and is gone when it is closed. */
const TOKEN_KEY = 'kprf-push-token'
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5_000

/** The token for pushes that the viewer gave; empty without one. */
function pushToken() {
  return sessionStorage.getItem(TOKEN_KEY) ?? currentToken()
}

/**
 * Shows the section, and fills it. Called once, when kprf says that it runs on an embedded broker.
 *
 * @param {HTMLElement} section
 */
export function startRecords(section) {
  const problem = element('records-problem')
  const records = recordList({
    list: element('records-list'),
    empty: element('records-empty'),
    status: element('records-status'),
    pause: element('records-pause'),
  })
  let reading = new AbortController()
  let topic = ''

  const choose = (/** @type {string} */ name) => {
    topic = name
    setText(element('records-of'), name === '' ? 'of all topics' : `of ${name}`)
    records.resume()
    reading.abort()
  }

  /** @type {Record<string, (data: any) => void>} */
  const show = {
    begin: () => {
      section.hidden = false
      setText(problem, '')
      records.begin()
    },
    topics: topicList(element('records-topics'), element('push-topics'), choose),
    record: (record) => records.add(record),
    filled: () => records.filled(),
  }

  const readForEver = async () => {
    let waitMs = FIRST_WAIT_MS
    for (;;) {
      await shown()
      reading = new AbortController()
      const { signal } = reading
      const token = pushToken()
      try {
        await readEvents(recordsUrl(topic), {
          ...{ token, signal },
          onEvent: (name, data) => {
            waitMs = FIRST_WAIT_MS
            show[name]?.(data)
          },
        })
      } catch (error) {
        // Another topic was chosen, or the page is hidden.
        if (signal.aborted) continue
        if (error instanceof Refused && error.status === 401) {
          const wasWrong = sessionStorage.getItem(TOKEN_KEY) !== null
          sessionStorage.setItem(TOKEN_KEY, await askToken(error.message, wasWrong))
          continue
        }
        // The operations port has the page too, and no records.
        if (error instanceof Refused && error.status === 404) return
        section.hidden = false
        const reason = error instanceof Refused ? error.message : 'kprf does not answer'
        setText(problem, `The records cannot be read: ${reason}. The page tries again.`)
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    }
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) reading.abort()
  })
  startForm({ currentToken: pushToken })
  void readForEver()
}

/**
 * Resolves while the page is shown. A browser has six connections to a port, for all of its tabs: a hidden one must not
 * keep one of them.
 *
 * @returns {Promise<void>}
 */
async function shown() {
  if (!document.hidden) return
  await new Promise((resolve) =>
    document.addEventListener('visibilitychange', resolve, { once: true }),
  )
  await shown()
}

/** @param {string} topic empty for all */
function recordsUrl(topic) {
  return topic === '' ? 'page/records' : `page/records?topic=${encodeURIComponent(topic)}`
}
