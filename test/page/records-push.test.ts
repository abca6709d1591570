/** What the form of the page pushes, and what it says about replies: the browser's own modules, which need no browser. */
import { describe, expect, it } from 'vitest'
import {
  bodyOf,
  curlOf,
  meaningOf,
  meaningOfSilence,
  problemOf,
} from '../../src/page/browser/records-push.js'

const PUSH = {
  ...{ topic: 'orders', key: '', value: '{"a": 1e400}', headers: [], waits: true },
  kind: 'json' as const,
}

describe('the body', () => {
  it('has JSON as it was written, and asks where the record went', () => {
    expect(bodyOf(PUSH)).toBe(
      '{"records": [{"topic": "orders", "json": {"a": 1e400}}], "wait_for_send": true, "return_offsets": true}',
    )
  })

  it('has text as a string, and a key if there is one', () => {
    const push = { ...PUSH, kind: 'text' as const, value: 'a"\n', key: '42', waits: false }

    expect(JSON.parse(bodyOf(push))).toEqual({
      records: [{ topic: 'orders', key: '42', data: 'a"\n' }],
    })
  })

  it('has headers as an object, and as a list where a name comes twice', () => {
    const [a, b] = [
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
    ] as const
    const headersOf = (headers: { name: string; value: string }[]): unknown =>
      (JSON.parse(bodyOf({ ...PUSH, value: '1', headers })) as { records: { headers: unknown }[] })
        .records[0]?.headers

    expect(headersOf([a, b])).toEqual({ a: '1', b: '2' })
    expect(headersOf([a, a])).toEqual([
      { key: 'a', value: '1' },
      { key: 'a', value: '1' },
    ])
  })
})

describe('a value', () => {
  it.each([
    ['json', '{"a": 1}', ''],
    ['json', '{"a": }', 'This is not JSON yet: '],
    ['json', '1}], "topic": [{', 'This is not JSON yet: '],
    ['json', ' ', 'Write some JSON, or choose text'],
    ['text', '{"a": }', ''],
    ['text', '', ''],
  ] as const)('of %s: %j has this problem: %j', (kind, value, problem) => {
    expect(problemOf({ ...PUSH, kind, value }).startsWith(problem)).toBe(true)
    if (problem === '') expect(problemOf({ ...PUSH, kind, value })).toBe('')
  })
})

describe('the command', () => {
  it('quotes everything for the shell', () => {
    expect(curlOf('http://h/push', `{"it's"}`, false)).toBe(
      `curl 'http://h/push' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"it'\\''s"}'`,
    )
  })

  it('has no token in it', () => {
    expect(curlOf('http://h/push', '{}', true)).toContain('-H "Authorization: Bearer $KPRF_TOKEN"')
  })
})

describe('a reply means', () => {
  it.each([
    [200, { status: 'ok', offsets: [{ partition: 1, offset: '7' }] }, 'good', 'Stored'],
    [200, { status: 'ok', errors: [] }, 'good', 'Stored'],
    [503, { message: 'records[0]: the queue is full' }, 'bad', 'Not stored'],
    [504, { message: 'no answer in time' }, 'warn', 'Perhaps stored'],
    [500, { message: 'a bug', errors: [{ outcome: 'unknown' }] }, 'warn', 'Perhaps stored'],
    [422, { status: 'error', errors: [{ error: 'a topic' }] }, 'bad', 'Not stored'],
    [400, { status: 'error', errors: ['not JSON'] }, 'bad', 'Not stored'],
    [502, undefined, 'bad', 'Not stored'],
  ])('%i, %j: %s, %s', (status, reply, state, title) => {
    expect(meaningOf(PUSH, status, reply)).toMatchObject({ state, title })
  })

  it.each([
    [
      { status: 'ok', offsets: [{ partition: 1, offset: '7' }] },
      /: orders, partition 1, offset 7\.$/,
    ],
    [{ status: 'ok' }, /^Kafka has the record: orders\.$/],
  ])('where the record is, for who waited: %j', (reply, text) => {
    expect(meaningOf(PUSH, 200, reply).text).toMatch(text)
  })

  it('that the record is queued, for who did not wait', () => {
    expect(meaningOf({ ...PUSH, waits: false }, 200, { status: 'ok' }).title).toBe('Queued')
  })

  it('what kprf says, as a sentence without the number of the only record', () => {
    const reply = { message: 'records[0]: the queue is full' }

    expect(meaningOf(PUSH, 503, reply)).toMatchObject({
      text: 'The queue is full.',
      advice: 'Push again in a moment.',
    })
    expect(meaningOf(PUSH, 500, { errors: ['rust'] }).text).toBe('Rust.')
    expect(meaningOf(PUSH, 500, '<html>').text).toBe('Kprf answered 500.')
  })

  it('nothing, where there is none', () => {
    expect(meaningOfSilence(PUSH)).toMatchObject({ state: 'bad', title: 'No reply' })
  })
})
