/** Tables whose rows stay in place while their numbers change. */
import { NOTHING } from './format.js'
import { make, setAttribute, setText } from './dom.js'

/**
 * What a cell shows: a text, or elements with a key that says whether they are still the same.
 *
 * @typedef {string | { key: string, nodes: () => (Node | string)[] }} Content
 */

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => Content} content
 * @property {'number' | 'wide' | 'name'} [kind] `wide` has a line of its own on a phone
 */

/**
 * @template Row
 * @typedef {object} TableOptions
 * @property {string} label for screen readers
 * @property {string} empty said in place of a table without rows
 * @property {readonly Column<Row>[]} columns
 * @property {(row: Row) => string} keyOf
 * @property {(row: Row) => string} [stateOf]
 * @property {number} [most] rows that are shown at first
 */

/**
 * Makes a table.
 *
 * @template Row
 * @param {HTMLElement} place
 * @param {TableOptions<Row>} options
 * @returns {(rows: readonly Row[]) => void} what shows rows
 */
export function startTable(place, { label, empty, columns, keyOf, stateOf, most = Infinity }) {
  const body = make('tbody', { role: 'rowgroup' })
  const heads = columns.map(({ title, kind = '' }) =>
    make('th', { role: 'columnheader', scope: 'col', 'data-kind': kind }, title),
  )
  const head = make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...heads))
  // A phone shows a table as blocks, and browsers then take it for none unless the roles say so.
  const table = make('table', { class: 'table', role: 'table', 'aria-label': label }, head, body)
  const none = make('p', { class: 'hint' }, empty)
  const more = make('button', { type: 'button', class: 'plain' })
  place.replaceChildren(none, table, more)
  /** @type {Map<string, { row: HTMLElement, cells: HTMLElement[] }>} */
  const known = new Map()
  let isWhole = false
  /** @type {readonly Row[]} */
  let shown = []

  /** @param {string} key */
  const rowOf = (key) => {
    const found = known.get(key)
    if (found) return found
    const cells = columns.map(({ title, kind = '' }, index) =>
      index === 0
        ? make('th', { role: 'rowheader', scope: 'row', 'data-kind': kind })
        : make('td', { role: 'cell', 'data-kind': kind, 'data-title': title }),
    )
    const made = { row: make('tr', { role: 'row' }, ...cells), cells }
    known.set(key, made)
    return made
  }

  /** @param {readonly Row[]} rows */
  const show = (rows) => {
    shown = rows
    none.hidden = rows.length > 0
    table.hidden = rows.length === 0
    more.hidden = rows.length <= most
    setText(more, isWhole ? `Show ${most} only` : `Show all ${rows.length}`)
    const visible = isWhole ? rows : rows.slice(0, most)
    const keys = new Set(visible.map(keyOf))
    for (const [key, { row }] of known) {
      if (keys.has(key)) continue
      row.remove()
      known.delete(key)
    }
    for (const [index, one] of visible.entries()) {
      const { row, cells } = rowOf(keyOf(one))
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null)
      if (stateOf) setAttribute(row, 'data-state', stateOf(one))
      for (const [column, cell] of cells.entries()) {
        const content = columns[column]?.content(one)
        if (content !== undefined) fill(cell, content)
      }
    }
  }
  more.addEventListener('click', () => {
    isWhole = !isWhole
    show(shown)
  })
  show([])
  return show
}

/**
 * @param {HTMLElement} cell
 * @param {Content} content
 */
function fill(cell, content) {
  if (typeof content === 'string') {
    setText(cell, content)
    setAttribute(cell, 'data-empty', String(content === NOTHING))
  } else if (cell.dataset.key !== content.key) {
    cell.dataset.key = content.key
    cell.replaceChildren(...content.nodes())
  }
}
