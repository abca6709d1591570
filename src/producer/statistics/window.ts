/** A window as plain data, to send to another process. */
export interface WindowData {
  readonly min: number
  readonly max: number
  readonly sum: number
  readonly sumOfSquares: number
  readonly cnt: number
  /** Number of values per bin, in any order; empty bins are omitted. */
  readonly bins: readonly (readonly [bin: number, count: number])[]
}

/** A window with librdkafka's fields. Whole numbers in the unit of the values; all 0 without values. */
export interface WindowSummary {
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly sum: number
  readonly cnt: number
  readonly stddev: number
  readonly p50: number
  readonly p75: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly p99_99: number
}

/** Bins per power of two; smaller values have one bin each. */
const BINS = 64
const BINS_LOG2 = 6
/**
 * Larger values share the last bin, because bit operations work on 31 bits. In microseconds this is over half an
 * hour.
 */
const MAX_BINNED = 0x7fff_ffff

/**
 * Smallest, largest, sum and distribution of the values of one interval. The bins of the distribution grow with the
 * value, 64 for each power of two. So a percentile is at most 1.6 % too high, and a window has at most 1700 bins,
 * of which only used ones take memory. Windows of several processes can be added exactly, bin by bin.
 */
export class Window {
  #min = Infinity
  #max = -Infinity
  #sum = 0
  #sumOfSquares = 0
  #cnt = 0
  readonly #bins = new Map<number, number>()

  /** Adds a value, which is not negative. */
  observe(value: number): void {
    this.#min = Math.min(this.#min, value)
    this.#max = Math.max(this.#max, value)
    this.#sum += value
    this.#sumOfSquares += value * value
    this.#cnt += 1
    const bin = binOf(value)
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1)
  }

  /** Returns the values since the last call. */
  take(): WindowData {
    if (this.#cnt === 0) return EMPTY_WINDOW
    const data = {
      ...{ min: this.#min, max: this.#max, sum: this.#sum, sumOfSquares: this.#sumOfSquares },
      ...{ cnt: this.#cnt, bins: [...this.#bins] },
    }
    this.#min = Infinity
    this.#max = -Infinity
    this.#sum = 0
    this.#sumOfSquares = 0
    this.#cnt = 0
    this.#bins.clear()
    return data
  }
}

/** A window without values. */
export const EMPTY_WINDOW: WindowData = {
  ...{ min: 0, max: 0, sum: 0, sumOfSquares: 0, cnt: 0, bins: [] },
}

/** Returns one window with the values of all. */
export function mergeWindows(windows: readonly WindowData[]): WindowData {
  const used = windows.filter(({ cnt }) => cnt > 0)
  if (used.length === 0) return EMPTY_WINDOW
  const bins = new Map<number, number>()
  for (const window of used) {
    for (const [bin, count] of window.bins) bins.set(bin, (bins.get(bin) ?? 0) + count)
  }
  return {
    min: Math.min(...used.map(({ min }) => min)),
    max: Math.max(...used.map(({ max }) => max)),
    sum: used.reduce((total, { sum }) => total + sum, 0),
    sumOfSquares: used.reduce((total, { sumOfSquares }) => total + sumOfSquares, 0),
    cnt: used.reduce((total, { cnt }) => total + cnt, 0),
    bins: [...bins],
  }
}

/** Computes librdkafka's fields of a window. */
export function summarize(window: WindowData): WindowSummary {
  const { min, max, sum, sumOfSquares, cnt } = window
  const mean = cnt === 0 ? 0 : sum / cnt
  const variance = cnt === 0 ? 0 : Math.max(0, sumOfSquares / cnt - mean * mean)
  const bins = window.bins.toSorted(([one], [other]) => one - other)
  const percentile = (percent: number): number => {
    const rank = Math.ceil((cnt * percent) / 100)
    let seen = 0
    for (const [bin, count] of bins) {
      seen += count
      if (seen >= rank) return Math.round(Math.min(max, largestOf(bin)))
    }
    return 0
  }
  return {
    min: Math.round(min),
    max: Math.round(max),
    avg: Math.round(mean),
    sum: Math.round(sum),
    cnt,
    stddev: Math.round(Math.sqrt(variance)),
    p50: percentile(50),
    p75: percentile(75),
    p90: percentile(90),
    p95: percentile(95),
    p99: percentile(99),
    p99_99: percentile(99.99),
  }
}

function binOf(value: number): number {
  const whole = Math.min(value, MAX_BINNED) | 0
  const shift = Math.max(0, 31 - Math.clz32(whole) - BINS_LOG2)
  return shift * BINS + (whole >>> shift)
}

/** The largest value of a bin, except the last, whose values may be larger. */
function largestOf(bin: number): number {
  if (bin < 2 * BINS) return bin
  const shift = Math.floor(bin / BINS) - 1
  const lead = bin - shift * BINS
  return bin === LAST_BIN ? Infinity : (lead + 1) * 2 ** shift - 1
}

const LAST_BIN = binOf(MAX_BINNED)
