/** The figure that compares the runs of kprf with those of another server. */
import type { Figure } from '../measure.ts'
import { spreadOf, type Spread } from '../support/statistics.ts'

/** One run of one server. */
export interface Turn {
  readonly requestsPerSecond: number
  /** NaN if the process is not known. */
  readonly cpuPerRecordUs: number
  /** Records of answered requests. */
  readonly accepted: number
  /** Those that the brokers have. */
  readonly stored: number
}

/** All runs of one server. */
export interface Contender {
  readonly name: string
  readonly turns: readonly Turn[]
  /** Memory after the runs, bytes. */
  readonly residentBytes: number | undefined
}

/** What kprf should reach. */
export interface BesideTarget {
  /** Requests a second, as a multiple of the other's. */
  readonly minSpeedup: number
  /** Processor time of a record, as a multiple of the other's; `undefined`: no matter. */
  readonly maxCpuRatio: number | undefined
}

const MIB = 1_048_576

/**
 * Compares the servers by the runs of the same round, and says what of the other's accepted records the brokers do not
 * have.
 */
export function besideFigure(
  what: string,
  kprf: Contender,
  other: Contender,
  { minSpeedup, maxCpuRatio }: BesideTarget,
): Figure {
  const speedup = ratios(kprf, other, 'requestsPerSecond')
  const cpu = ratios(kprf, other, 'cpuPerRecordUs')
  const rates = [kprf, other].map((one) => medianOf(one, 'requestsPerSecond')) as [number, number]
  const cpus = [kprf, other].map((one) => medianOf(one, 'cpuPerRecordUs')) as [number, number]
  const accepted = sumOf(other, 'accepted')
  const lost = accepted - sumOf(other, 'stored')
  const isCpuKnown = !Number.isNaN(cpu.median)
  const measured = [
    `${rates[0].toFixed(0)} requests a second against ${rates[1].toFixed(0)}: ${times(speedup)}`,
    isCpuKnown
      ? `CPU of a record ${cpus[0].toFixed(1)} µs against ${cpus[1].toFixed(1)}: ${times(cpu)}`
      : `CPU of ${other.name} not known`,
    `memory ${mib(kprf)} against ${mib(other)}`,
    ...(lost > 0 ? [`${other.name} lost ${lost} of ${accepted} accepted records`] : []),
    ...(lost < 0 ? [`${other.name} stored ${-lost} records more than it accepted`] : []),
  ]
  const isCheap = maxCpuRatio === undefined || cpu.median <= maxCpuRatio
  const isMeasured = isCpuKnown || maxCpuRatio === undefined
  return {
    name: `${what}, beside ${other.name}`,
    measured: measured.join('; '),
    target:
      maxCpuRatio === undefined
        ? `>= ${minSpeedup} x`
        : `>= ${minSpeedup} x, CPU <= ${maxCpuRatio} x`,
    isReached: isMeasured ? speedup.median >= minSpeedup && isCheap : undefined,
    values: {
      ...{ own: rates[0], rate: rates[1], speedup: speedup.median },
      ...{ ownCpuUs: cpus[0], cpuUs: cpus[1], cpuRatio: cpu.median },
      ...{ accepted, lost },
    },
  }
}

type Measured = Exclude<keyof Turn, 'accepted' | 'stored'>

function ratios(kprf: Contender, other: Contender, name: Measured): Spread {
  return spreadOf(kprf.turns.map((turn, round) => turn[name] / (other.turns[round]?.[name] ?? NaN)))
}

function medianOf({ turns }: Contender, name: Measured): number {
  return spreadOf(turns.map((turn) => turn[name])).median
}

function sumOf({ turns }: Contender, name: 'accepted' | 'stored'): number {
  return turns.reduce((sum, turn) => sum + turn[name], 0)
}

function times({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} x (${min.toFixed(2)} to ${max.toFixed(2)})`
}

function mib({ residentBytes }: Contender): string {
  return residentBytes === undefined ? 'not known' : `${(residentBytes / MIB).toFixed(0)} MiB`
}
