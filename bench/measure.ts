/** What a measure of the benchmark is. */
import type { Server } from './support/server.ts'

/** How much time a benchmark may take, and what else it is to look at. */
export interface BenchOptions {
  /** Milliseconds of each run that count. */
  readonly durationMs: number
  readonly warmUpMs: number
  /** How often servers take turns. */
  readonly rounds: number
  /** Servers that somebody else has started. */
  readonly peers: readonly Server[]
  /** Brokers that peers produce to; `undefined` where embedded ones will do. */
  readonly brokers: string | undefined
}

/** One figure. */
export interface Figure {
  readonly name: string
  /** What was measured, for people. */
  readonly measured: string
  /** What is to be reached. */
  readonly target: string
  /** Whether it is; `undefined` where there is no target, or this machine cannot show it. */
  readonly isReached: boolean | undefined
  /** The numbers behind it. */
  readonly values: Readonly<Record<string, number>>
}

/** Measures one or several figures. */
export type Measure = (options: BenchOptions) => Promise<readonly Figure[]>
