import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fileProblem, maskerOf, quotedPath, withoutQuotedNames } from '../../src/base/quotable.ts'

const problemOf = (path: string): string => {
  try {
    readFileSync(path)
    return 'none'
  } catch (error) {
    return fileProblem(error)
  }
}

describe('quotedPath', () => {
  it.each([['/etc/ssl/ca.pem'], ['/run/secrets/k@fka key+1'], ['/']])('repeats %s', (path) => {
    expect(quotedPath(path)).toBe(`"${path}"`)
  })

  it.each([['hunter2'], ['-----BEGIN PRIVATE KEY-----'], ['/a\nb'], [`/${'a'.repeat(300)}`], ['']])(
    'does not repeat %j, which may be anything',
    (path) => {
      expect(quotedPath(path)).toBe('the path that it names')
    },
  )
})

describe('fileProblem', () => {
  it.each([
    ['/nowhere/hunter2', 'ENOENT: no such file or directory'],
    ["/nowhere/hunter2', open 'x", 'ENOENT: no such file or directory'],
    ['/', 'EISDIR: illegal operation on a directory'],
    ['hunter2\0', 'not readable'],
  ])('says of %j what the system says, without the path', (path, problem) => {
    expect(problemOf(path)).toBe(problem)
  })
})

describe('maskerOf', () => {
  const mask = maskerOf(['pass"+ word', 'pass"+ word2', 'abc', ''])

  it.each([
    ['the secret is pass"+ word.', 'the secret is ********.'],
    ['{"p":"pass\\"+ word"}', '{"p":"********"}'],
    ['p=pass%22%2B%20word&q', 'p=********&q'],
    ['p=pass%22%2B+word&q', 'p=********&q'],
    [`Basic ${Buffer.from('pass"+ word').toString('base64')}`, 'Basic ********'],
    ['pass"+ word2, pass"+ word', '********, ********'],
  ])('takes secrets out of %s', (text, masked) => {
    expect(mask(text)).toBe(masked)
  })

  it('leaves what is too short to be told from ordinary words', () => {
    expect(mask('abcde')).toBe('abcde')
    expect(maskerOf([])('abcde')).toBe('abcde')
  })
})

describe('withoutQuotedNames', () => {
  it.each([
    [
      'unknown field "hunter2"; the allowed fields are a',
      'unknown field "..."; the allowed fields are a',
    ],
    [
      'records[0]: topic is missing; unknown field "hunter2"',
      'records[0]: topic is missing; unknown field "..."',
    ],
    [
      'line 1, column 2: the object has the name "a "b" c" twice',
      'line 1, column 2: the object has the name "..." twice',
    ],
    ['encoding must be "utf8" or "base64"', 'encoding must be "utf8" or "base64"'],
  ])('writes %s as %s', (text, logged) => {
    expect(withoutQuotedNames(text)).toBe(logged)
  })
})
