/** Queue and log against their limits. */
import { element, make, setAttribute, setText } from './dom.js'
import { age, bytes, count, counted, percent } from './format.js'

/** From these shares on, a meter warns, and is in trouble. */
const WARN = 0.8
const BAD = 0.95

/**
 * @typedef {object} Meter
 * @property {string} label
 * @property {(figures: any) => { used: number, limit?: number } | undefined} fill
 * @property {(value: number) => string} format
 * @property {(figures: any) => string} below
 */

/** @type {readonly Meter[]} */
const METERS = [
  {
    label: 'Records in the queue',
    fill: ({ queues }) => queues.records,
    format: count,
    below: ({ queues }) =>
      queues.records.used === 0 ? 'none waits' : `the oldest for ${age(queues.oldestAgeMs)}`,
  },
  {
    label: 'Bytes in the queue',
    fill: ({ queues }) => queues.bytes,
    format: bytes,
    below: () => 'of their values',
  },
  {
    label: 'Memory of the queue',
    fill: ({ queues }) => queues.memory,
    format: bytes,
    below: () => 'with keys, headers and what kprf keeps with each',
  },
  {
    label: 'Log on disk',
    fill: ({ queues }) => queues.log?.bytes,
    format: bytes,
    below: ({ queues }) => belowLog(queues.log),
  },
]

/** @param {any} log */
function belowLog({ pendingRecords, oldestAgeMs, freeBytes, isAccepting }) {
  const pending =
    pendingRecords === 0
      ? 'Kafka has all of it'
      : `${counted(pendingRecords, 'record')} to send, the oldest for ${age(oldestAgeMs)}`
  const free = freeBytes === undefined ? '' : `; ${bytes(freeBytes)} free on the disk`
  return `${isAccepting ? '' : 'takes no pushes; '}${pending}${free}`
}

/** Makes the meters. @returns {(figures: any) => void} what shows figures in them */
export function startMeters() {
  const made = METERS.map(({ label }) => {
    const bar = make('div', { class: 'bar-fill' })
    const meter = make(
      'div',
      {
        class: 'bar-track',
        role: 'meter',
        'aria-label': label,
        'aria-valuemin': '0',
        'aria-valuemax': '100',
      },
      bar,
    )
    const share = make('span', { class: 'share' })
    const value = make('p', { class: 'value-line' })
    const below = make('p', { class: 'below' })
    const head = make('div', { class: 'meter-head' }, make('h3', {}, label), share)
    return {
      item: make('li', { class: 'card meter' }, head, meter, value, below),
      bar,
      meter,
      share,
      value,
      below,
    }
  })
  element('meters').replaceChildren(...made.map(({ item }) => item))
  return (figures) => {
    for (const [index, { fill, format, below }] of METERS.entries()) {
      const target = made[index]
      if (target === undefined) continue
      const now = fill(figures)
      target.item.hidden = now === undefined
      if (now === undefined) continue
      const { used, limit } = now
      const share = limit === undefined || limit === 0 ? 0 : Math.min(1, used / limit)
      const text =
        limit === undefined
          ? `${format(used)}, without a limit`
          : `${format(used)} of ${format(limit)}`
      setText(target.share, limit === undefined ? '' : percent(share))
      setText(target.value, text)
      setText(target.below, below(figures))
      target.bar.style.transform = `scaleX(${share})`
      setAttribute(target.meter, 'aria-valuenow', String(Math.floor(share * 100)))
      setAttribute(target.meter, 'aria-valuetext', text)
      setAttribute(
        target.item,
        'data-state',
        share >= BAD ? 'bad' : share >= WARN ? 'warn' : 'good',
      )
    }
  }
}
