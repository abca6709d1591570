import { Counter, type CounterConfiguration, type Registry } from './prom-client.ts'

/** Name, help and labels of a {@link PlainCounter}. */
export interface PlainCounterOptions<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly Label[]
  /** A second name under which the same counts are exported. @defaultValue none */
  readonly alias?: string | undefined
  readonly registry: Registry
}

/** The count under one set of label values. */
export class CountSeries {
  /** Never goes down. */
  count = 0
}

/**
 * A prom-client counter whose series are plain numbers, read at each scrape. prom-client's own `inc` checks its
 * argument and hashes the labels in every call (some 300 ns), which is noticeable for counts per record.
 */
export class PlainCounter<Label extends string> {
  readonly #labels = new Map<CountSeries, Record<Label, string>>()

  constructor({ name, help, labelNames, alias, registry }: PlainCounterOptions<Label>) {
    const description = { labelNames: [...labelNames], registers: [registry] }
    this.#declare({ ...description, name, help })
    if (alias === undefined) return
    this.#declare({ ...description, name: alias, help: `${help} The same counts as ${name}.` })
  }

  /** Adds a series for these label values, which must not have one yet. */
  addSeries(labels: Record<Label, string>): CountSeries {
    const series = new CountSeries()
    this.#labels.set(series, labels)
    return series
  }

  /** Removes a series. */
  removeSeries(series: CountSeries): void {
    this.#labels.delete(series)
  }

  #declare(description: CounterConfiguration<Label>): void {
    const counter = new Counter<Label>({
      ...description,
      collect: () => {
        counter.reset()
        for (const [series, labels] of this.#labels) counter.inc(labels, series.count)
      },
    })
  }
}
