import type { Registry } from 'prom-client'
import { PlainCounter, type CountSeries } from './plain-counter.ts'

/** Name and help of a {@link TopicCounter}, and its second label. */
export interface TopicCounterOptions {
  readonly name: string
  readonly help: string
  /** @defaultValue `topic` is the only one */
  readonly secondLabel?: string
  /** As in `PlainCounterOptions`. */
  readonly alias?: string
  readonly registry: Registry
}

/** The series of all topics under one value of the second label. */
export class SeriesByTopic {
  readonly #counter: PlainCounter<string>
  readonly #labels: Readonly<Record<string, string>>
  readonly #series = new Map<string, CountSeries>()

  constructor(counter: PlainCounter<string>, labels: Readonly<Record<string, string>>) {
    this.#counter = counter
    this.#labels = labels
  }

  /** Returns the series of a topic, which starts at 0. @param label - of the topic. */
  at(label: string): CountSeries {
    let series = this.#series.get(label)
    if (!series) {
      series = this.#counter.addSeries({ topic: label, ...this.#labels })
      this.#series.set(label, series)
    }
    return series
  }

  /** Adds the count of one label to another's, and removes its series. */
  fold(from: string, to: string): void {
    const series = this.#series.get(from)
    if (!series) return
    this.at(to).count += series.count
    this.#series.delete(from)
    this.#counter.removeSeries(series)
  }
}

/**
 * A counter with the label `topic` and an optional second label. A topic can be removed: its counts move to another
 * topic, so that the sum over all topics never goes down.
 */
export class TopicCounter {
  readonly #counter: PlainCounter<string>
  readonly #secondLabel: string | undefined
  readonly #byValue = new Map<string, SeriesByTopic>()

  constructor({ name, help, secondLabel, alias, registry }: TopicCounterOptions) {
    const labelNames = secondLabel === undefined ? ['topic'] : ['topic', secondLabel]
    this.#counter = new PlainCounter({ name, help, labelNames, alias, registry })
    this.#secondLabel = secondLabel
  }

  /** Returns the series with this value of the second label. @param value - omitted if there is no second label. */
  under(value = ''): SeriesByTopic {
    let series = this.#byValue.get(value)
    if (!series) {
      const labels = this.#secondLabel === undefined ? {} : { [this.#secondLabel]: value }
      series = new SeriesByTopic(this.#counter, labels)
      this.#byValue.set(value, series)
    }
    return series
  }

  /** Adds the counts of one topic to another's, and removes its series. */
  fold(from: string, to: string): void {
    for (const series of this.#byValue.values()) series.fold(from, to)
  }
}
