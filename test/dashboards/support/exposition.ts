/** The names that a metrics page has, as Prometheus stores them. */

/** Names of all series: of a histogram, those with `_bucket`, `_sum` and `_count`. */
export function seriesNames(exposition: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [, name = '', type] of exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (type === 'histogram')
      for (const end of ['bucket', 'sum', 'count']) names.add(`${name}_${end}`)
    else names.add(name)
  }
  return names
}

/** One series with its value. */
export interface Sample {
  /** Name and labels, as the page has them. */
  readonly series: string
  readonly value: string
}

/** All series of a page. */
export function samplesOf(exposition: string): readonly Sample[] {
  return exposition
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const space = line.lastIndexOf(' ')
      return { series: line.slice(0, space), value: line.slice(space + 1) }
    })
}
