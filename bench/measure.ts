/** The interface of the measures of the benchmark. */
import type { Peer } from './support/peer.ts'

/** Options of a benchmark. */
export interface BenchOptions {
  /** Measured part of each run, ms. */
  readonly durationMs: number
  readonly warmUpMs: number
  /** Number of rounds in which servers take turns. */
  readonly rounds: number
  /** Servers that were started by somebody else. */
  readonly peers: readonly Peer[]
  /** Brokers of the peers; `undefined` to use embedded ones. */
  readonly brokers: string | undefined
}

/** One figure. */
export interface Figure {
  readonly name: string
  /** The measured result, as text. */
  readonly measured: string
  /** The target, as text. */
  readonly target: string
  /** Whether the target is reached; `undefined` without a target, or if this machine cannot show it. */
  readonly isReached: boolean | undefined
  /** The numbers behind it. */
  readonly values: Readonly<Record<string, number>>
}

/** Measures one or several figures. */
export type Measure = (options: BenchOptions) => Promise<readonly Figure[]>
