/** Numbers as people read them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** What is not known. */
export const NOTHING = '–'

/**
 * A number of things: 1,234 or 1.23M.
 *
 * @param {number} value
 */
export function count(value) {
  return value < 100_000 ? whole.format(value) : compact.format(value)
}

/**
 * A rate without its unit: 0, 0.3, 12, 1,234.
 *
 * @param {number | null | undefined} value
 */
export function rate(value) {
  if (value === null || value === undefined) return NOTHING
  return value > 0 && value < 10 ? oneDigit.format(Math.max(value, 0.1)) : count(value)
}

/**
 * A short time: 0.4 ms, 12 ms, 3.4 s.
 *
 * @param {number | null | undefined} ms
 */
export function duration(ms) {
  if (ms === null || ms === undefined) return NOTHING
  if (ms < 10) return `${oneDigit.format(ms)} ms`
  return ms < 1_000 ? `${whole.format(ms)} ms` : `${oneDigit.format(ms / 1_000)} s`
}

/**
 * A long time, to the largest unit: 4 s, 3 min, 2 h, 5 d.
 *
 * @param {number} ms
 */
export function age(ms) {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 90) return `${Math.floor(seconds)} s`
  if (seconds < 5_400) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800
    ? `${Math.floor(seconds / 3_600)} h`
    : `${Math.floor(seconds / 86_400)} d`
}

/**
 * When something happened: just now, 4 s ago.
 *
 * @param {number} ms
 */
export function ago(ms) {
  return ms < 2_000 ? 'just now' : `${age(ms)} ago`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/**
 * Bytes: 512 B, 1.5 MiB.
 *
 * @param {number} value
 */
export function bytes(value) {
  let unit = 0
  let scaled = value
  while (scaled >= 1_024 && unit < UNITS.length - 1) {
    scaled /= 1_024
    unit += 1
  }
  return `${scaled < 10 && unit > 0 ? oneDigit.format(scaled) : whole.format(scaled)} ${UNITS[unit]}`
}

/**
 * A share in percent: 0 %, < 1 %, 42 %.
 *
 * @param {number} share from 0 to 1
 */
export function percent(share) {
  const value = share * 100
  return value > 0 && value < 1 ? '< 1 %' : `${Math.floor(value)} %`
}

/**
 * A number with its noun.
 *
 * @param {number} value
 * @param {string} noun in the singular
 */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}
