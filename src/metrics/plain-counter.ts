/**
 * A prom-client counter whose series are plain numbers, handed over at each scrape. prom-client's own `inc`
 * checks its argument and hashes the labels at every call (some 300 ns); for what is counted record by record
 * that shows.
 */
import { Counter, type Registry } from 'prom-client'

/** Name, help and labels of a {@link PlainCounter}. */
export interface PlainCounterOptions<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly Label[]
  readonly registry: Registry
}

/** The count under one set of label values. */
export class CountSeries {
  /** Never goes down. */
  count = 0
}

/** See the head of this file. */
export class PlainCounter<Label extends string> {
  readonly #series: { readonly labels: Record<Label, string>; readonly series: CountSeries }[] = []

  constructor({ name, help, labelNames, registry }: PlainCounterOptions<Label>) {
    const counter = new Counter<Label>({
      ...{ name, help, labelNames: [...labelNames], registers: [registry] },
      collect: () => {
        counter.reset()
        for (const { labels, series } of this.#series) counter.inc(labels, series.count)
      },
    })
  }

  /** Adds the series of these label values, which must not have one yet. */
  addSeries(labels: Record<Label, string>): CountSeries {
    const series = new CountSeries()
    this.#series.push({ labels, series })
    return series
  }
}
