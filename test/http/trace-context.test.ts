/** Which trace contexts are valid (https://www.w3.org/TR/trace-context/), and what records get of them. */
import { describe, expect, it } from 'vitest'
import { createTraceOf } from '../../src/http/trace-context.ts'

const IDS = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'
const PARENT = `00-${IDS}-01`

/** As Node.js reads them. */
function requestWith(lines: readonly (readonly [name: string, value: string])[]) {
  const headers: Record<string, string> = {}
  for (const [written, value] of lines) {
    const name = written.toLowerCase()
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return { headers, rawHeaders: lines.flat() }
}

function contextOf(...lines: readonly (readonly [name: string, value: string])[]) {
  const context = createTraceOf(true)(requestWith(lines))
  return context && Object.fromEntries(context.map(({ key, value }) => [key, value]))
}

const parentOf = (...values: readonly string[]) =>
  contextOf(...values.map((value) => ['traceparent', value] as const))?.['traceparent']

const stateOf = (...values: readonly string[]) =>
  contextOf(['traceparent', PARENT], ...values.map((value) => ['tracestate', value] as const))?.[
    'tracestate'
  ]

describe('a traceparent', () => {
  it.each([
    ['of a recorded trace', PARENT],
    ['of a trace that is not recorded', `00-${IDS}-00`],
    ['with flags of a later level', `00-${IDS}-03`],
    ['with all flags', `00-${IDS}-ff`],
  ])('%s is kept as it is', (_, text) => {
    expect(parentOf(text)).toBe(text)
  })

  it.each([
    ['that is like version 00', `01-${IDS}-01`, PARENT],
    ['with more behind a dash', `cc-${IDS}-01-what-the-future-will-be-like`, PARENT],
    ['with an empty rest', `fe-${IDS}-00-`, `00-${IDS}-00`],
    ['with flags that nobody knows', `cc-${IDS}-f5`, PARENT],
    ['that is not recorded', `cc-${IDS}-fe`, `00-${IDS}-00`],
  ])('of a later version %s is passed on in version 00', (_, text, kept) => {
    expect(parentOf(text)).toBe(kept)
  })

  it.each([
    ['nothing', ''],
    ['a text', 'hello'],
    ['one without flags', `00-${IDS}`],
    ['one with more than version 00 has', `${PARENT}-01`],
    ['one with a dash at the end', `${PARENT}-`],
    ['one with a dot at the end', `${PARENT}.`],
    ['the version ff', `ff-${IDS}-01`],
    ['a version of one digit', `0-${IDS}-01`],
    ['a version of three digits', `000-${IDS}-01`],
    ['a version that is no number', `.0-${IDS}-01`],
    ['a version in upper case', `CC-${IDS}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a parent id of zeros', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
    ['ids in upper case', `00-${IDS.toUpperCase()}-01`],
    ['a trace id that is too short', `00-${IDS.slice(1)}-01`],
    ['a trace id that is too long', `00-0${IDS}-01`],
    ['a parent id that is too short', `00-${IDS.slice(0, -1)}-01`],
    ['a parent id that is too long', `00-${IDS}0-01`],
    ['a digit that is none', `00-${IDS.replace('0af', '0ag')}-01`],
    ['other separators', PARENT.replaceAll('-', '_')],
    ['flags of one digit', `00-${IDS}-1`],
    ['flags of three digits', `00-${IDS}-001`],
    ['flags in upper case', `00-${IDS}-FF`],
    ['flags that are no number', `00-${IDS}-.0`],
    ['a later version that is too short', `cc-${IDS}-0`],
    ['a later version with more, but no dash', `cc-${IDS}-01.what-the-future-will-be-like`],
  ])('is none, and its tracestate is dropped: %s', (_, text) => {
    expect(contextOf(['traceparent', text], ['tracestate', 'a=1'])).toBeUndefined()
  })

  it.each([
    ['the same', [PARENT, PARENT]],
    ['different', [PARENT, `00-${IDS}-00`]],
    ['of a later version', [`cc-${IDS}-01-a`, `cc-${IDS}-01-a`]],
  ])('is none if there are two: %s', (_, values) => {
    expect(parentOf(...values)).toBeUndefined()
  })

  it('may be written in any case, and is a header in lower case', () => {
    expect(contextOf(['TraceParent', PARENT], ['TRACESTATE', 'a=1'])).toEqual({
      ...{ traceparent: PARENT, tracestate: 'a=1' },
    })
  })
})

const members = (count: number): string =>
  Array.from({ length: count }, (_, n) => `k${n}=1`).join(',')

describe('a tracestate', () => {
  it.each([
    ['one member', 'rojo=00f067aa0ba902b7'],
    ['two members', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['a tenant', 'fw529a3039@dt=FfAAAA,1a@b=2'],
    ['all that a key can have', 'a_-*/0=1,0_-*/a@a_-*/0=1'],
    ['all that a value can have', 'a= !"#$%&\'()*+-./09:;<>?@AZ[\\]^_`az{|}~'],
    ['spaces and tabs between members', 'a=1 \t,\t b=2'],
    ['empty members', ',a=1,,b=2, ,'],
    ['a key twice', 'a=1,a=2'],
    ['the longest key', `${'a'.repeat(256)}=1`],
    ['the longest key with a tenant', `${'0'.repeat(241)}@${'v'.repeat(14)}=1`],
    ['the longest value', `a=${'b'.repeat(256)}`],
    ['32 members', members(32)],
    ['512 characters', `a=${'b'.repeat(252)},c=${'d'.repeat(255)}`],
  ])('is kept as it is: %s', (_, text) => {
    expect(stateOf(text)).toBe(text)
  })

  it.each([
    ['nothing', ''],
    ['empty members only', ', ,'],
    ['no value', 'a'],
    ['an empty value', 'a='],
    ['an empty key', '=1'],
    ['a value with =', 'a=1=2'],
    ['a value that is no ASCII', 'a=\xe9'],
    ['a value with a tab in it', 'a=1\t2'],
    ['a key with a space behind it', 'a =1'],
    ['a key in upper case', 'A=1'],
    ['a key that begins with a digit', '1a=1'],
    ['a key with a dot', 'a.b=1'],
    ['a tenant without a system', 'a@=1'],
    ['a system without a tenant', '@a=1'],
    ['two tenants', 'a@b@c=1'],
    ['a system that begins with a digit', 'a@1=1'],
    ['a key that is too long', `${'a'.repeat(257)}=1`],
    ['a tenant that is too long', `${'a'.repeat(242)}@v=1`],
    ['a system that is too long', `a@${'v'.repeat(15)}=1`],
    ['a value that is too long', `a=${'b'.repeat(257)}`],
    ['33 members', members(33)],
    ['one wrong member', 'a=1,B=2,c=3'],
  ])('that is not valid is dropped, and the traceparent kept: %s', (_, text) => {
    expect(contextOf(['traceparent', PARENT], ['tracestate', text])).toEqual({
      traceparent: PARENT,
    })
  })

  it('in several headers is one, in their order', () => {
    expect(stateOf('a=1,b=2', 'c=3', '', 'd=4')).toBe('a=1,b=2, c=3, , d=4')
  })

  it('alone is none', () => {
    expect(contextOf(['tracestate', 'a=1'])).toBeUndefined()
  })

  it.each([
    [
      'its long members first, the last one before others',
      ['a=1', `b=${'x'.repeat(127)}`, 'c=3', `d=${'x'.repeat(200)}`, `e=${'x'.repeat(250)}`, 'f=6'],
      ['a=1', `b=${'x'.repeat(127)}`, 'c=3', `d=${'x'.repeat(200)}`, 'f=6'],
    ],
    [
      'then its last members',
      Array.from({ length: 6 }, (_, n) => `k${n}=${'x'.repeat(97)}`),
      Array.from({ length: 5 }, (_, n) => `k${n}=${'x'.repeat(97)}`),
    ],
    ['itself, if it is one long member', [`${'a'.repeat(256)}=${'b'.repeat(256)}`], undefined],
  ])('of more than 512 characters loses %s', (_, sent, kept) => {
    expect(stateOf(sent.join(','))).toBe(kept?.join(','))
  })
})

it('without http.propagate_trace no request has a trace context', () => {
  const request = requestWith([['traceparent', PARENT]])

  expect(createTraceOf(false)(request)).toBeUndefined()
})
