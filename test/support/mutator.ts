import type { SeededRandom } from './random.ts'

/** Changes a text in one to four places: bytes, runs of bytes, or words with a meaning. */
export function mutate(input: Buffer, words: readonly string[], random: SeededRandom): Buffer {
  let output = input
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
    output = change(output, words, random)
  }
  return output
}

function change(input: Buffer, words: readonly string[], random: SeededRandom): Buffer {
  const at = random.below(input.length + 1)
  const length = 1 + random.below(16)
  const before = input.subarray(0, at)
  const after = input.subarray(at)
  switch (random.below(6)) {
    case 0:
      return Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)])
    case 1:
      return Buffer.concat([before, after.subarray(length)])
    case 2:
      return Buffer.concat([before, after.subarray(0, length), after])
    case 3:
      return Buffer.concat([before, Buffer.from(random.pick(words)), after])
    case 4:
      return Buffer.concat([before, Buffer.from(random.pick(words)), after.subarray(length)])
    default:
      return random.below(8) === 0
        ? before
        : Buffer.concat([before, input.subarray(0, length), after])
  }
}

/** Changes one to three nodes of a JSON value: replaces, removes or adds them, or wraps them. */
export function mutateJson(json: string, values: readonly unknown[], random: SeededRandom): string {
  let value: unknown = JSON.parse(json)
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    value = changeNode(value, values, random)
  }
  return JSON.stringify(value)
}

function changeNode(node: unknown, values: readonly unknown[], random: SeededRandom): unknown {
  const isLeaf = typeof node !== 'object' || node === null || Object.keys(node).length === 0
  if (isLeaf || random.below(8) === 0) {
    return random.pick([random.pick(values), [node], { key: node }, [node, node]])
  }
  const entries: [string, unknown][] = Object.entries(node)
  const at = random.below(entries.length)
  const [name, child] = entries[at] ?? ['', undefined]
  const changed: [string, unknown] = [name, changeNode(child, values, random)]
  const replacement = random.pick([
    [changed],
    [changed],
    [],
    [[name, child] as const, [`new${name}`, random.pick(values)] as const],
  ])
  const newEntries = entries.toSpliced(
    at,
    1,
    ...replacement.map(([key, value]): [string, unknown] => [key, value]),
  )
  return Array.isArray(node) ? newEntries.map(([, value]) => value) : Object.fromEntries(newEntries)
}

/** Changes one to three header lines of a request: removes, repeats or moves them, or adds others. */
export function mutateHead(
  request: Buffer,
  lines: readonly string[],
  random: SeededRandom,
): Buffer {
  const headEnd = request.indexOf('\r\n\r\n')
  const [first = '', ...headers] = request.toString('latin1', 0, headEnd).split('\r\n')
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    const at = random.below(headers.length + 1)
    const [line = ''] = headers.splice(at, random.below(2))
    headers.splice(random.below(headers.length + 1), 0, random.pick([random.pick(lines), line]))
  }
  const head = [first, ...headers.filter((line) => line !== '')].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), request.subarray(headEnd)])
}
