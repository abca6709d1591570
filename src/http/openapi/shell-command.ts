import type { OperationParts, Sample } from './operation-parts.ts'

/** Where kprf listens without a configuration. */
const ADDRESS = 'http://127.0.0.1:4242'

/** Writes a sample as a command of curl. */
export function shellCommand(
  { method, path, parameters }: Pick<OperationParts, 'method' | 'path' | 'parameters'>,
  { parameters: values = {}, contentType, body }: Sample,
): string {
  const query = new URLSearchParams()
  const headers: string[] = []
  let target = path
  for (const { name, in: place } of parameters) {
    const value = values[name]
    if (value === undefined) continue
    if (place === 'path') target = target.replace(`{${name}}`, encodeURIComponent(value))
    else if (place === 'query') query.append(name, value)
    else headers.push(`${name}: ${value}`)
  }
  if (contentType !== undefined) headers.push(`Content-Type: ${contentType}`)
  const data = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  return [
    // What is posted needs no method.
    `curl ${method === 'post' && data !== undefined ? '' : methodFlag(method)}${quoted(`${ADDRESS}${target}${query.size > 0 ? `?${query.toString()}` : ''}`)}`,
    ...headers.map((header) => `-H ${quoted(header)}`),
    ...(data === undefined ? [] : [`--data-binary ${shellText(data)}`]),
  ].join(' \\\n  ')
}

function methodFlag(method: string): string {
  return method === 'get' ? '' : `-X ${method.toUpperCase()} `
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Lines are easier to read as `$'one\ntwo'`, which bash and zsh know. */
function shellText(text: string): string {
  if (!text.includes('\n')) return quoted(text)
  const escaped = text.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)
  return `$'${escaped.replaceAll('\n', String.raw`\n`)}'`
}
