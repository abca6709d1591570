/** The large numbers. */
import { element, make, setAttribute, setText } from './dom.js'
import { duration, rate } from './format.js'

/**
 * A tile: its label, its number with a unit, and a line below.
 *
 * @typedef {object} Tile
 * @property {string} label
 * @property {(figures: any) => string} value
 * @property {(figures: any) => string} below
 * @property {(figures: any) => boolean} [isBad]
 */

/** @type {readonly Tile[]} */
const TILES = [
  {
    label: 'Delivered to Kafka',
    value: ({ rates }) => `${rate(rates?.delivered)} records/s`,
    below: ({ rates }) => `of ${rate(rates?.received)} received/s`,
  },
  {
    label: 'Not delivered',
    value: ({ rates }) =>
      `${rate(rates === null ? null : rates.failed + rates.rejected)} records/s`,
    below: ({ rates }) => `${rate(rates?.failed)} failed/s, ${rate(rates?.rejected)} refused/s`,
    isBad: ({ rates }) => rates !== null && rates.failed + rates.rejected > 0,
  },
  {
    label: 'Requests',
    value: ({ rates }) =>
      `${rate(rates === null ? null : rates.served + rates.refused + rates.failedPushes)} /s`,
    below: ({ rates }) =>
      `${rate(rates?.refused)} refused/s, ${rate(rates?.failedPushes)} failed/s`,
    isBad: ({ rates }) => rates !== null && rates.failedPushes > 0,
  },
  {
    label: 'Median time to the reply',
    value: ({ pushes }) => duration(pushes.p50),
    below: ({ pushes }) => slowest(pushes),
  },
  {
    label: 'Median time to delivery',
    value: ({ deliveries }) => duration(deliveries.p50),
    below: ({ deliveries }) => slowest(deliveries),
  },
]

/** @param {{ p99: number | null }} latency */
function slowest({ p99 }) {
  return p99 === null ? 'none in the last seconds' : `99 % within ${duration(p99)}`
}

/** Makes the tiles. @returns {(figures: any) => void} what shows figures in them */
export function startTiles() {
  const made = TILES.map(({ label }) => {
    const number = make('span', { class: 'number' })
    const unit = make('span', { class: 'unit' })
    const below = make('p', { class: 'below' })
    const value = make('p', { class: 'value' }, number, ' ', unit)
    const tile = make('li', { class: 'card tile' }, make('h3', {}, label), value, below)
    return { tile, number, unit, below }
  })
  element('tiles').replaceChildren(...made.map(({ tile }) => tile))
  return (figures) => {
    for (const [index, { value, below, isBad }] of TILES.entries()) {
      const tile = made[index]
      if (tile === undefined) continue
      const [number = '', unit = ''] = value(figures).split(' ')
      setText(tile.number, number)
      setText(tile.unit, unit)
      setText(tile.below, below(figures))
      setAttribute(tile.tile, 'data-state', isBad?.(figures) === true ? 'bad' : 'good')
    }
  }
}
