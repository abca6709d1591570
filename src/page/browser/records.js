/** The part of the page that is there on an embedded broker only: topics with their last records, and a form to push. */
import { currentToken } from './connection.js'
import { element, setText } from './dom.js'
import { readEvents } from './events.js'
import { startForm } from './records-form.js'
import { recordList, topicList } from './records-list.js'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5_000

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
    reading.abort()
  }
  const showTopics = topicList(element('records-topics'), element('push-topics'), choose)

  /** @type {Record<string, (data: any) => void>} */
  const show = {
    begin: () => {
      setText(problem, '')
      records.clear()
    },
    topics: showTopics,
    record: (record) => records.add(record),
    filled: () => records.filled(),
  }

  const readForEver = async () => {
    let waitMs = FIRST_WAIT_MS
    for (;;) {
      reading = new AbortController()
      const { signal } = reading
      try {
        await readEvents(
          `page/records${topic === '' ? '' : `?topic=${encodeURIComponent(topic)}`}`,
          {
            token: currentToken(),
            signal,
            onEvent: (name, data) => {
              waitMs = FIRST_WAIT_MS
              show[name]?.(data)
            },
          },
        )
      } catch (error) {
        // Another topic was chosen: at once.
        if (signal.aborted) continue
        const reason =
          error instanceof TypeError || !(error instanceof Error)
            ? 'kprf does not answer'
            : error.message
        setText(problem, `The records cannot be read: ${reason}. The page tries again.`)
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    }
  }

  section.hidden = false
  startForm({ currentToken })
  void readForEver()
}
