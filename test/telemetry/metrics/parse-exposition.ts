/** One sample line of the Prometheus text format 0.0.4. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What one exposition says: the type of each metric and all samples in order. */
export interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\\\|\\"|\\n)*)"(?:,|$)/y

/**
 * Parses the Prometheus text format strictly.
 *
 * @throws Error on any line that breaks the format, and on a series that occurs twice.
 */
export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const types = new Map<string, string>()
  const series = new Set<string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, metric, rest] = COMMENT.exec(line) ?? []
    if (keyword === 'TYPE') types.set(metric ?? '', rest ?? '')
    if (keyword !== undefined) continue
    const sample = parseSample(line)
    const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (series.has(identity)) throw new Error(`twice: ${line}`)
    series.add(identity)
    samples.push(sample)
  }
  return { types, samples }
}

/** Value of the one sample with this name and exactly these labels; undefined when there is none. */
export function valueOf(
  { samples }: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels)
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.keys(sample.labels).length === wanted.length &&
      wanted.every(([label, value]) => sample.labels[label] === value),
  )?.value
}

function parseSample(line: string): Sample {
  const [, name, labelText = '', value] = SAMPLE.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  let end = 0
  for (let match = LABEL.exec(labelText); match !== null; match = LABEL.exec(labelText)) {
    labels[match[1] ?? ''] = unescape(match[2] ?? '')
    end = LABEL.lastIndex
  }
  if (end !== labelText.length) throw new Error(`bad labels: ${line}`)
  return { name, labels, value: parseValue(value) }
}

function parseValue(text: string): number {
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  if (/^nan$/i.test(text)) return NaN
  if (!/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text)) throw new Error(`bad value: ${text}`)
  return Number(text)
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
