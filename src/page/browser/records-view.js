/** Makes the elements of one record. All of its parts are text nodes: whatever a record contains, it stays text. */
import { make } from './dom.js'
import { counted, readable, visible } from './records-text.js'

/** @import { Readable, SeenBytes } from './records-text.js' */

/**
 * A record as kprf sends it.
 *
 * @typedef {object} SeenRecord
 * @property {string} topic
 * @property {number} partition
 * @property {string} offset
 * @property {number} timestamp
 * @property {SeenBytes | null} key
 * @property {SeenBytes | null} value
 * @property {{ name: string, value: SeenBytes | null }[]} headers
 * @property {number} moreHeaders
 */

/** A value of more lines or characters than this is folded. */
const OPEN_LINES = 16
const OPEN_LENGTH = 1_600

const timeFormat = new Intl.DateTimeFormat(undefined, {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
  hourCycle: 'h23',
})
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/**
 * Makes the item of a record.
 *
 * @param {SeenRecord} record
 * @param {{ isNew: boolean }} options
 */
export function recordItem(record, { isNew }) {
  const { topic, partition, offset, key, value, headers, moreHeaders } = record
  const item = make(
    'li',
    { class: isNew ? 'record new' : 'record' },
    make(
      'p',
      { class: 'record-place' },
      make('strong', { class: 'record-topic' }, topic),
      make('span', { class: 'quiet' }, `partition ${partition}, offset ${offset}`),
      timeOf(record.timestamp),
    ),
    make(
      'dl',
      { class: 'record-parts' },
      ...part('Key', inline(readable(key, 'none'))),
      ...(headers.length === 0 ? [] : part('Headers', headersOf(headers, moreHeaders))),
      ...part(
        'Value',
        valueOf(readable(value, 'null: a tombstone, which deletes the key from a compacted topic')),
      ),
    ),
  )
  return item
}

/**
 * @param {string} term
 * @param {Node} description
 */
function part(term, description) {
  return [make('dt', {}, term), make('dd', {}, description)]
}

/** @param {number} timestamp */
function timeOf(timestamp) {
  const date = new Date(timestamp)
  // A record may have any number for its time.
  if (Number.isNaN(date.getTime())) return make('span', { class: 'quiet' }, `time ${timestamp}`)
  const isToday = date.toDateString() === new Date().toDateString()
  const text = isToday
    ? timeFormat.format(date)
    : `${dayFormat.format(date)}, ${timeFormat.format(date)}`
  return make(
    'time',
    { class: 'quiet', datetime: date.toISOString(), title: date.toISOString() },
    text,
  )
}

/** @param {Readable} parts */
function inline({ tokens, note }) {
  const text = tokens.map((token) => token.text).join('')
  const span = make('span', { class: 'inline' })
  if (text !== '') span.append(make('bdi', { class: 'mono' }, text))
  if (note !== '') span.append(make('span', { class: 'note' }, note))
  return span
}

/**
 * @param {SeenRecord['headers']} headers
 * @param {number} more
 */
function headersOf(headers, more) {
  const list = make('ul', { class: 'record-headers' })
  for (const { name, value } of headers) {
    list.append(
      make(
        'li',
        {},
        make('bdi', { class: 'mono header-name' }, visible(name)),
        ': ',
        inline(readable(value, 'null')),
      ),
    )
  }
  if (more > 0) list.append(make('li', { class: 'note' }, `and ${counted(more, 'more', 'more')}`))
  return list
}

/** @param {Readable} value */
function valueOf({ tokens, isJson, note }) {
  const box = make('div', { class: 'record-value' })
  if (tokens.length > 0) {
    const text = make('pre', {
      class: isJson ? 'value-text json' : 'value-text',
      dir: isJson ? 'ltr' : 'auto',
    })
    for (const { text: shown, kind } of tokens) {
      text.append(kind === 'plain' ? shown : make('span', { class: `json-${kind}` }, shown))
    }
    box.append(text, ...fold(text))
  }
  if (note !== '') box.append(make('p', { class: 'note' }, note))
  return box
}

/**
 * Folds a long value: a button shows the rest.
 *
 * @param {HTMLElement} text
 */
function fold(text) {
  const content = text.textContent ?? ''
  const lines = content.split('\n').length
  if (lines <= OPEN_LINES && content.length <= OPEN_LENGTH) return []
  text.classList.add('folded')
  const all = lines > OPEN_LINES ? `Show all ${counted(lines, 'line')}` : 'Show all of it'
  const button = make(
    'button',
    { type: 'button', class: 'plain small', 'aria-expanded': 'false' },
    all,
  )
  button.addEventListener('click', () => {
    const isFolded = text.classList.toggle('folded')
    button.setAttribute('aria-expanded', String(!isFolded))
    button.textContent = isFolded ? all : 'Show less'
  })
  return [button]
}
