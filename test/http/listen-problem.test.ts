import { describe, expect, it } from 'vitest'
import { listenProblem } from '../../src/http/listen-problem.ts'

const wanted = { key: 'http.port', host: '10.0.0.1', port: 80 } as const

describe('a port that cannot be opened', () => {
  it.each([
    [
      'EADDRINUSE',
      /^http\.port: port 80 is taken on 10\.0\.0\.1 .*--http\.port=\d+ --http\.metrics_port=\d+/,
    ],
    ['EACCES', /^http\.port: kprf may not listen on port 80: .* above 1023$/],
    [
      'EADDRNOTAVAIL',
      /^http\.port: http\.host is 10\.0\.0\.1, which is not an address of this machine$/,
    ],
    ['ENOTFOUND', /^http\.port: http\.host is 10\.0\.0\.1, which has no address$/],
    ['EMFILE', /^http\.port: words of the system$/],
  ])('with %s is explained in words', (code, expected) => {
    const error = Object.assign(new Error('words of the system'), { code })

    expect(listenProblem(wanted, error)).toMatch(expected)
  })
})
