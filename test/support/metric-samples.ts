/** The samples of one scrape, to be summed by name and labels. */
export class MetricSamples {
  readonly #samples: readonly Sample[]

  constructor(samples: readonly Sample[]) {
    this.#samples = samples
  }

  /** Sums the samples of a name with at least these labels; 0 if there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.#samples
      .filter((sample) => sample.name === name)
      .filter((sample) =>
        Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value),
      )
      .reduce((sum, { value }) => sum + value, 0)
  }
}

/** One line of the exposition. */
interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** Parses the Prometheus text format, without escapes in labels, which kprf does not need. */
export function parseMetrics(text: string): MetricSamples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new MetricSamples(lines.map(parseSample))
}

function parseSample(line: string): Sample {
  const match = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)
  if (match?.groups === undefined) throw new Error(`Not a metric: ${line}`)
  const { name = '', labels = '', value = '' } = match.groups
  const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)]
  return {
    name,
    labels: new Map(pairs.map(([, label = '', text = '']) => [label, text])),
    value: Number(value),
  }
}
