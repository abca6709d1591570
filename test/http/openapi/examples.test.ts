/** Every example of the document is answered as the document says, by a kprf that is served. */
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/http/openapi/types.ts'
import { FakeClusterSource, partitionOf } from '../../support/fake-cluster-source.ts'
import { type ServedEdge, serveEdge } from '../../support/http-edge.ts'
import {
  type Described,
  documentOf,
  operationsOf,
  responseOf,
  validatorsOf,
} from './support/described.ts'

const document = documentOf()
const validatorOf = validatorsOf(document)

/** An example: what has the same name in all parts of a request and its reply. */
interface Case extends Described {
  readonly name: string
  readonly type: string | undefined
  readonly body: Json | undefined
}

function casesOf(described: Described): readonly Case[] {
  const { requestBody } = described.operation
  if (requestBody === undefined) {
    const names = described.operation.parameters.flatMap(({ examples = {} }) =>
      Object.keys(examples),
    )
    return [{ ...described, name: names[0] ?? '', type: undefined, body: undefined }]
  }
  return Object.entries(requestBody.content).flatMap(([type, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => ({
      ...described,
      name,
      type,
      body: value,
    })),
  )
}

const CASES = operationsOf(document).flatMap(casesOf)

/** Sends an example over a connection of its own. */
async function send(edge: ServedEdge, { method, path, operation, name, type, body }: Case) {
  const url = new URL(path.replaceAll(/[{}]/g, ''), 'http://h')
  let target = path
  const lines: string[] = []
  for (const parameter of operation.parameters) {
    const value = parameter.examples?.[name]?.value
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, text)
    else if (parameter.in === 'query') url.searchParams.append(parameter.name, text)
    else lines.push(`${parameter.name}: ${text}\r\n`)
  }
  // Any type will do where any is documented.
  if (type !== undefined) lines.push(`Content-Type: ${type.replace('*/*', 'image/png')}\r\n`)
  const bytes = Buffer.from(
    typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body),
  )
  const head = `${method.toUpperCase()} ${target}${url.search} HTTP/1.1\r\nHost: h\r\n${lines.join('')}Content-Length: ${bytes.length}\r\n\r\n`
  return await edge
    .connect()
    .write(Buffer.concat([Buffer.from(head), bytes]))
    .response()
}

/** The reply that the document has for an example. */
function documentedReply({ operation, name }: Case) {
  for (const [status, reply] of Object.entries(operation.responses)) {
    const content = Object.values(responseOf(document, reply)?.content ?? {})
    const example = content.find(({ examples = {} }) => name in examples)?.examples?.[name]
    if (example !== undefined) return { status: Number(status), value: example.value }
  }
  return { status: '204' in operation.responses ? 204 : 200, value: undefined }
}

/** What is different each time. */
const CHANGING = /"(?:offset|timestamp|request_id)":(?:"[^"]*"|\d+)/g
const withoutChanging = (text: string): unknown => JSON.parse(text.replaceAll(CHANGING, '"x":0'))

describe('examples', () => {
  it('are there for every operation that takes a body', () => {
    const without = operationsOf(document).filter((one) => casesOf(one).length === 0)

    expect(without).toEqual([])
  })

  it('are all replayed', () => {
    const samples = operationsOf(document).flatMap(({ operation }) => operation['x-codeSamples'])

    expect(samples).toHaveLength(CASES.length)
  })

  it.each(CASES)('$method $path: $name', async (example) => {
    const { operation, type, body, name } = example
    const edge = await serveEdge({ source: new FakeClusterSource({ orders: [partitionOf(0)] }) })
    const documented = documentedReply(example)

    const reply = await send(edge, example)

    expect([reply.status, reply.body]).toEqual([documented.status, reply.body])
    const response = responseOf(document, operation.responses[reply.status])
    for (const [header, { required = false, schema }] of Object.entries(response?.headers ?? {})) {
      const value = reply.headers.get(header.toLowerCase())
      if (required || value !== undefined) expect(validatorOf(schema)(value)).toBe(true)
    }
    expect(Object.keys(response?.content ?? {}).slice(0, reply.body === '' ? 0 : 1)).toEqual(
      reply.body === '' ? [] : [reply.headers.get('content-type')],
    )
    const [content] = Object.values(response?.content ?? {})
    if (content?.schema !== undefined && reply.body !== '') {
      const isText = content.schema['type'] === 'string'
      const validate = validatorOf(content.schema)
      expect([validate(isText ? reply.body : JSON.parse(reply.body)), validate.errors]).toEqual([
        true,
        null,
      ])
    }
    if (documented.value !== undefined) {
      expect(withoutChanging(reply.body)).toEqual(withoutChanging(JSON.stringify(documented.value)))
      expect(validatorOf(content?.schema ?? {})(documented.value)).toBe(true)
    }
    // The example of a mistake is one.
    const schema = type === undefined ? undefined : operation.requestBody?.content[type]?.schema
    if (schema !== undefined && name !== 'brokenLine') {
      expect(validatorOf(schema)(body)).toBe(reply.status < 300)
    }
  })
})

describe('/openapi.json', () => {
  it('is the document, with the version of kprf and the limits of its configuration', async () => {
    const edge = await serveEdge({ version: '1.2.3' })

    const { status, headers, body } = await edge
      .connect()
      .write('GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n')
      .response()

    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(JSON.parse(body)).toEqual(document)
    expect(document.components.schemas['Push']).toMatchObject({
      properties: { records: { maxItems: 100 } },
    })
  })
})
