/** The list of the newest records: it takes those that arrive, and shows them once a frame at most. */
import { make, setText } from './dom.js'
import { counted } from './records-text.js'
import { recordItem } from './records-view.js'

/** @import { SeenRecord } from './records-view.js' */

/** As many as kprf tells of a topic. */
const MAX_RECORDS = 50
/** How often screen readers are told how many records have come, ms. */
const ANNOUNCE_MS = 2_000

/**
 * The list.
 *
 * @param {object} elements
 * @param {HTMLElement} elements.list
 * @param {HTMLElement} elements.empty what is shown while there are no records
 * @param {HTMLElement} elements.status what screen readers are told
 * @param {HTMLElement} elements.pause the button that stops the list, so that one can read it
 */
export function recordList({ list, empty, status, pause }) {
  /** Newest first. @type {{ record: SeenRecord, isNew: boolean }[]} */
  let waiting = []
  let isPaused = false
  let isDrawing = false
  /** Whether the records that come were there before. */
  let isFilling = true
  /** Whether what is shown is of before the beginning. */
  let isOld = false
  let unannounced = 0
  let isAnnouncing = false

  const drawSoon = () => {
    if (isDrawing || isPaused) return
    isDrawing = true
    requestAnimationFrame(() => {
      isDrawing = false
      if (!isPaused) draw()
    })
  }

  const draw = () => {
    if (isOld) list.replaceChildren()
    isOld = false
    list.prepend(...waiting.map(({ record, isNew }) => recordItem(record, { isNew })))
    waiting = []
    while (list.children.length > MAX_RECORDS) list.lastElementChild?.remove()
    empty.hidden = list.children.length > 0
    showPause()
  }

  const showPause = () => {
    const arrived = waiting.filter(({ isNew }) => isNew).length
    const count = arrived === MAX_RECORDS ? `${MAX_RECORDS} or more new` : `${arrived} new`
    const goOn = arrived === 0 ? 'Go on' : `Go on (${count})`
    setText(pause, isPaused ? goOn : 'Pause')
  }

  const announceSoon = () => {
    if (isAnnouncing) return
    isAnnouncing = true
    setTimeout(() => {
      isAnnouncing = false
      setText(status, `${counted(unannounced, 'new record')}.`)
      unannounced = 0
    }, ANNOUNCE_MS)
  }

  pause.addEventListener('click', () => {
    isPaused = !isPaused
    showPause()
    drawSoon()
  })

  return {
    /** Begins again, for another topic or another connection. What is shown stays until what follows is there. */
    begin() {
      waiting = []
      isOld = true
      isFilling = true
      showPause()
    },

    /** What was there at the beginning is there. */
    filled() {
      isFilling = false
      drawSoon()
    },

    /** Goes on, if it was stopped. */
    resume() {
      isPaused = false
      showPause()
    },

    /** @param {SeenRecord} record */
    add(record) {
      waiting = [{ record, isNew: !isFilling }, ...waiting].slice(0, MAX_RECORDS)
      if (!isFilling) {
        unannounced += 1
        announceSoon()
      }
      if (isPaused) showPause()
      // Until all is there that was there, the former records are shown.
      if (!isFilling) drawSoon()
    },
  }
}

/**
 * The list of topics, as buttons that choose whose records are shown.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement} names the names as suggestions for the form
 * @param {(topic: string) => void} onChosen empty for all topics
 */
export function topicList(list, names, onChosen) {
  /** @type {Map<string, { item: HTMLElement, button: HTMLElement, count: HTMLElement }>} */
  const items = new Map()
  let chosen = ''

  /** @param {string} name */
  const itemOf = (name) => {
    const count = make('span', { class: 'quiet' })
    const button = make(
      'button',
      { type: 'button', class: 'topic' },
      make('span', { class: 'topic-name' }, name === '' ? 'All topics' : name),
      count,
    )
    button.addEventListener('click', () => {
      chosen = name
      showChosen()
      onChosen(name)
    })
    const item = make('li', {}, button)
    return { item, button, count }
  }

  const showChosen = () => {
    for (const [name, { button }] of items)
      button.setAttribute('aria-pressed', String(name === chosen))
  }

  /** @param {{ topics: { name: string, partitions: number, records: number }[], more: number }} seen */
  return ({ topics, more }) => {
    const all = topics.reduce((sum, { records }) => sum + records, 0)
    const shown = [{ name: '', text: counted(all, 'record') }].concat(
      topics.map(({ name, partitions, records }) => ({
        name,
        text: `${counted(records, 'record')}, ${counted(partitions, 'partition')}`,
      })),
    )
    if (more > 0 && shown[0]) shown[0].text += `, and ${counted(more, 'topic')} not listed`
    const isSame = shown.length === items.size && shown.every(({ name }) => items.has(name))
    for (const name of items.keys()) {
      if (shown.some((one) => one.name === name)) continue
      items.get(name)?.item.remove()
      items.delete(name)
    }
    for (const { name, text } of shown) {
      const known = items.get(name) ?? itemOf(name)
      items.set(name, known)
      setText(known.count, text)
    }
    if (isSame) return
    // In order; an element that stays where it is keeps its focus.
    shown.forEach(({ name }, index) => {
      const item = items.get(name)?.item
      if (item !== undefined && list.children[index] !== item)
        list.insertBefore(item, list.children[index] ?? null)
    })
    names.replaceChildren(...topics.map(({ name }) => make('option', { value: name })))
    showChosen()
  }
}
