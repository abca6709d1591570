import { expect, it } from 'vitest'
import { withTrace } from '../../src/ingest/trace-headers.ts'
import { record } from '../support/producer-harness.ts'

const TRACE = [
  { key: 'traceparent', value: 'parent' },
  { key: 'tracestate', value: 'state' },
]
const OTHER = { key: 'a', value: '1' }

it.each([
  ['without headers', [], TRACE],
  ['with others', [OTHER, OTHER], [OTHER, OTHER, ...TRACE]],
  ['with a tracestate only', [{ key: 'tracestate', value: 'own' }], undefined],
])('a record %s gets the trace context last', (_, headers, expected) => {
  const [traced] = withTrace([record('a', { headers })], TRACE)

  expect(traced?.headers).toEqual(expected ?? [...headers, TRACE[0]])
})

it.each(['traceparent', 'Traceparent', 'TRACEPARENT'])(
  'a record with a header %s is not changed',
  (key) => {
    const own = record('a', { headers: [OTHER, { key, value: null }] })

    expect(withTrace([own], TRACE)[0]).toBe(own)
  },
)

it('the rest of each record stays, and so does their order', () => {
  const records = [record('a', { key: 'k', timestampMs: 1 }), record('b', { partition: 2 })]

  expect(withTrace(records, TRACE)).toEqual(records.map((one) => ({ ...one, headers: TRACE })))
  expect(records.map(({ headers }) => headers)).toEqual([[], []])
})
