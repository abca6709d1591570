/** The two charts, which uPlot draws. What they show now is also in words below each, for those who cannot see them. */
import UPlot from './uplot.js'
import { element, make, setText } from './dom.js'
import { duration, rate } from './format.js'

/** Seconds that a chart shows: at first few, so that a new line is not lost at its end. */
const LEAST_SECONDS = 60
const MOST_SECONDS = 300
const HEIGHT = 180
/** A longer pause between two figures is a gap in the line, seconds. */
const GAP_SECONDS = 3

/**
 * @typedef {object} Series
 * @property {string} label
 * @property {string} colour the name of a custom property
 * @property {(figures: any) => number | null} value
 * @property {number[]} [dash]
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {readonly Series[]} series
 * @property {(value: number | null | undefined) => string} format
 * @property {number} least the top of the scale is at least this
 */

/** @type {readonly Chart[]} */
const CHARTS = [
  {
    id: 'records-chart',
    series: [
      {
        label: 'received',
        colour: '--received',
        value: ({ rates }) => rates?.received ?? null,
        dash: [5, 4],
      },
      { label: 'delivered', colour: '--delivered', value: ({ rates }) => rates?.delivered ?? null },
      {
        label: 'not delivered',
        colour: '--failed',
        value: ({ rates }) => (rates === null ? null : rates.failed + rates.rejected),
      },
    ],
    format: rate,
    least: 5,
  },
  {
    id: 'latency-chart',
    series: [
      {
        label: 'reply, 99 %',
        colour: '--received',
        value: ({ pushes }) => pushes.p99,
        dash: [5, 4],
      },
      {
        label: 'delivery, 99 %',
        colour: '--delivered',
        value: ({ deliveries }) => deliveries.p99,
      },
      { label: 'delivery, 50 %', colour: '--good', value: ({ deliveries }) => deliveries.p50 },
    ],
    format: duration,
    least: 5,
  },
]

/** Makes the charts. @returns {(figures: any) => void} what adds figures to them */
export function startCharts() {
  const charts = CHARTS.map((chart) => new LiveChart(chart))
  return (figures) => {
    for (const chart of charts) chart.add(figures)
  }
}

class LiveChart {
  /** @type {Chart} */
  #chart
  /** Times in seconds, and the values of each series. @type {(number | null)[][]} */
  #data
  /** @type {HTMLElement} */
  #place
  /** @type {HTMLElement[]} */
  #values
  /** @type {HTMLElement[]} */
  #swatches
  #plot

  /** @param {Chart} chart */
  constructor(chart) {
    this.#chart = chart
    this.#data = [[], ...chart.series.map(() => [])]
    const figure = element(chart.id)
    this.#place = /** @type {HTMLElement} */ (figure.querySelector('.plot'))
    this.#place.setAttribute('aria-hidden', 'true')
    this.#swatches = chart.series.map(({ colour }, index) => {
      const swatch = make('span', { class: 'swatch', 'aria-hidden': 'true' })
      swatch.style.backgroundColor = `var(${colour})`
      swatch.dataset.dashed = String(chart.series[index]?.dash !== undefined)
      return swatch
    })
    this.#values = chart.series.map(() => make('span', { class: 'now' }))
    const legend = chart.series.map(({ label }, index) =>
      make('li', {}, this.#swatches[index] ?? '', `${label} `, this.#values[index] ?? ''),
    )
    figure.append(make('ul', { class: 'legend' }, ...legend))
    this.#plot = this.#makePlot()
    new ResizeObserver(() => {
      this.#plot.setSize({ width: this.#place.clientWidth, height: HEIGHT })
    }).observe(this.#place)
    // The colours of the canvas are not those of the page by themselves.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot.redraw()
    })
  }

  /** @param {any} figures */
  add(figures) {
    const second = figures.nowMs / 1_000
    const last = this.#data[0]?.at(-1)
    if (typeof last === 'number' && second - last > GAP_SECONDS) this.#push(last + 1, () => null)
    this.#push(second, ({ value }) => value(figures))
    while ((this.#data[0]?.[0] ?? second) < second - MOST_SECONDS) {
      for (const column of this.#data) column.shift()
    }
    this.#plot.setData(/** @type {any} */ (this.#data), false)
    const seconds = Math.max(LEAST_SECONDS, second - (this.#data[0]?.[0] ?? second))
    this.#plot.setScale('x', { min: second - seconds, max: second })
    for (const [index, series] of this.#chart.series.entries()) {
      const value = this.#values[index]
      if (value) setText(value, this.#chart.format(series.value(figures)))
    }
  }

  /**
   * @param {number} second
   * @param {(series: Series) => number | null} valueOf
   */
  #push(second, valueOf) {
    this.#data[0]?.push(second)
    for (const [index, series] of this.#chart.series.entries()) {
      this.#data[index + 1]?.push(valueOf(series))
    }
  }

  #makePlot() {
    const { series, format, least } = this.#chart
    const quiet = () => getComputedStyle(this.#place).color
    const line = () => getComputedStyle(this.#place).borderTopColor
    const axis = {
      stroke: quiet,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    }
    return new UPlot(
      {
        width: this.#place.clientWidth,
        height: HEIGHT,
        pxAlign: true,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, auto: false },
          y: { range: (_plot, _min, max) => [0, Math.max(least, (max ?? 0) * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 32,
            gap: 8,
            space: 90,
            values: (_plot, splits) => splits.map((second) => timeOfDay(second)),
          },
          { ...axis, size: 58, space: 36, values: (_plot, splits) => splits.map(format) },
        ],
        series: [
          {},
          ...series.map(({ label, dash }, index) => ({
            label,
            stroke: () =>
              getComputedStyle(/** @type {HTMLElement} */ (this.#swatches[index])).backgroundColor,
            width: 2,
            ...(dash && { dash }),
            points: { show: false },
          })),
        ],
      },
      /** @type {any} */ (this.#data),
      this.#place,
    )
  }
}

const time = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** @param {number} second since 1970 */
function timeOfDay(second) {
  return time.format(second * 1_000)
}
