/** The document has what the routes and the parsers have, and nothing else. */
import { describe, expect, it, test } from 'vitest'
import { ERROR_CODES } from '../../../src/base/errors.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createDoors } from '../../../src/http/doors.ts'
import { PathPattern } from '../../../src/http/edge/path-pattern.ts'
import { TEXT_ATTRIBUTES, REQUIRED_ATTRIBUTES } from '../../../src/http/events/attributes.ts'
import { EVENTS_PARAMETERS } from '../../../src/http/events/events-endpoint.ts'
import { LINES_PARAMETERS } from '../../../src/http/ndjson/parse-line.ts'
import { CODES } from '../../../src/http/openapi/errors.ts'
import type { Operation, Schema } from '../../../src/http/openapi/types.ts'
import { HEADER_FIELDS } from '../../../src/http/push/parse-headers.ts'
import { PUSH_FIELDS, RECORD_FIELDS } from '../../../src/http/push/parse-push.ts'
import { RAW_PARAMETERS } from '../../../src/http/raw/parse-raw.ts'
import { ReplyRoom } from '../../../src/http/reply-room.ts'
import {
  REST_BODY_FIELDS,
  REST_PARAMETERS,
  REST_RECORD_FIELDS,
} from '../../../src/http/rest/parse-v2.ts'
import { ClusterDirectory } from '../../../src/ingest/cluster-directory.ts'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { FakeClusterSource } from '../../support/fake-cluster-source.ts'
import { FakeProducer } from '../../support/fake-producer.ts'
import {
  DEFAULT_SETTINGS,
  FakeHttpLog,
  FakeHttpMetrics,
  makeIngest,
} from '../../support/http-edge.ts'
import { documentOf, operationsOf, responseOf, validatorsOf } from './support/described.ts'

const document = documentOf()
const operations = operationsOf(document)

const EVERYTHING = new Permissions({ acl: [], topics: [] })

const { routes: ROUTES } = createDoors({
  traceOf: () => undefined,
  ...{ ingest: makeIngest(new FakeProducer()), settings: DEFAULT_SETTINGS },
  ...{ metrics: new FakeHttpMetrics(), log: new FakeHttpLog(), clock: systemClock },
  replyRoom: new ReplyRoom(1_000_000, 0),
  directory: new ClusterDirectory({
    source: new FakeClusterSource(),
    permissions: () => EVERYTHING,
  }),
})

describe('the operations', () => {
  it('are those of all routes, without the webhooks of an operator', () => {
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    const routed = ROUTES.map(
      ({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, '/{$1}')}`,
    )

    expect(described.toSorted()).toEqual(routed.toSorted())
  })

  it.each(operations)('$method $path has the parameters of its path', ({ path, operation }) => {
    const inPath = operation.parameters.filter((one) => one.in === 'path')
    const pattern = new PathPattern(path.replaceAll(/\{(\w+)\}/g, ':$1'))
    const names = Object.keys(pattern.paramsOf(path.slice(1).split('/')) ?? {})

    expect(inPath.map(({ name, required }) => [name, required])).toEqual(
      names.map((name) => [name, true]),
    )
  })

  it('have ids that differ', () => {
    const ids = operations.map(({ operation }) => operation.operationId)

    expect(new Set(ids).size).toBe(ids.length)
  })

  it('of every kprf are described: with other settings too', () => {
    const rust = documentOf({ replies: 'rust', unknownFields: 'reject', allowOldTimestamps: true })

    expect(Object.keys(rust.paths)).toEqual(Object.keys(document.paths))
    expect(() => validatorsOf(rust)({ $ref: '#/components/schemas/Push' })).not.toThrow()
  })
})

describe('schemas', () => {
  const validatorOf = validatorsOf(document)

  it.each(Object.entries(document.components.schemas))('%s is a schema', (_, schema) => {
    expect(() => validatorOf(schema)).not.toThrow()
  })

  it('and replies are where operations refer to', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)
    const components: Readonly<Record<string, object>> = { ...document.components }

    for (const [, kind = '', name = ''] of references) {
      expect(components[kind]).toHaveProperty(name)
    }
  })

  it('and replies are all referred to', () => {
    const text = JSON.stringify(document)
    const { schemas, responses } = document.components
    const unused = [
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ].filter((place) => !text.includes(`"$ref":"${place}"`))

    // A description refers to the first. The other has an example where it is used.
    expect(unused).toEqual(['#/components/schemas/Line', '#/components/responses/LinesError400'])
  })
})

describe('errors', () => {
  it('are all that a client may get', () => {
    const names = Object.keys(ERROR_CODES).filter((name) => name !== 'CONFIG_INVALID')

    expect(CODES.map(({ code }) => code).toSorted()).toEqual(names.toSorted())
  })

  it.each(operations)('$method $path says what each reply is', ({ operation }) => {
    for (const reply of Object.values(operation.responses)) {
      expect(responseOf(document, reply)?.description).not.toBe('')
    }
  })
})

const at = (schema: Schema | undefined, ...path: readonly (string | number)[]): Schema =>
  path.reduce<Schema>((found, name) => found[name] as Schema, schema ?? {})

const fieldsOf = (schema: Schema): string[] => Object.keys(at(schema, 'properties')).toSorted()

const queryOf = (operation: Operation | undefined): string[] =>
  (operation?.parameters ?? [])
    .filter((one) => one.in === 'query')
    .map(({ name }) => name)
    .toSorted()

const sorted = (names: Iterable<string>): string[] => [...names].toSorted()

describe('what the parsers know is what the document names', () => {
  const { schemas } = document.components
  const { paths } = document

  test('fields of a push', () => {
    expect(fieldsOf(at(schemas['Push']))).toEqual(sorted(PUSH_FIELDS))
  })

  test.each(['Record', 'Line'])('fields of a record: %s', (name) => {
    expect(fieldsOf(at(schemas[name]))).toEqual(sorted(RECORD_FIELDS))
  })

  test('fields of a header', () => {
    expect(fieldsOf(at(schemas['RecordHeaders'], 'anyOf', 2, 'items'))).toEqual(
      sorted(HEADER_FIELDS),
    )
  })

  test.each(['RestV2Push', 'RestV2PartitionPush'])('fields of %s', (name) => {
    const push = at(schemas[name])
    const record = at(push, 'properties', 'records', 'items')

    expect(fieldsOf(push)).toEqual(sorted(REST_BODY_FIELDS))
    expect(fieldsOf(record)).toEqual(sorted(REST_RECORD_FIELDS))
    expect(fieldsOf(at(record, 'properties', 'headers', 'items'))).toEqual(sorted(HEADER_FIELDS))
  })

  test('attributes of an event', () => {
    expect(fieldsOf(at(schemas['CloudEvent']))).toEqual(
      sorted([...TEXT_ATTRIBUTES, 'data', 'data_base64']),
    )
    expect(schemas['CloudEvent']?.['required']).toEqual(REQUIRED_ATTRIBUTES)
  })

  test.each([
    ['/topics/{topic}/raw', RAW_PARAMETERS],
    ['/topics/{topic}/ndjson', LINES_PARAMETERS],
    ['/topics/{topic}/events', EVENTS_PARAMETERS],
    ['/topics/{topic}', REST_PARAMETERS],
    ['/topics/{topic}/partitions/{partition}', REST_PARAMETERS],
  ])('parameters of %s', (path, known) => {
    for (const [method, operation] of Object.entries(paths[path] ?? {})) {
      // Questions have none.
      if (method !== 'get') expect(queryOf(operation)).toEqual(sorted(known))
    }
  })
})
