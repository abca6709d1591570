import { describe, expect, it } from 'vitest'
import { errorsWithBroker, loadWithBroker } from './sources.ts'

describe('http.otlp_endpoint', () => {
  it('is empty by default', () => {
    expect(loadWithBroker({}).http.otlpEndpoint).toBe('')
  })

  it.each([['http://127.0.0.1:4318/v1/traces'], ['https://collector.example.com/v1/traces'], ['']])(
    'can be %j',
    (url) => {
      const argv = [`--http.otlp_endpoint=${url}`]

      expect(loadWithBroker({ argv }).http.otlpEndpoint).toBe(url)
    },
  )

  it.each([
    ['127.0.0.1:4318'],
    ['grpc://collector:4317'],
    ['http://'],
    ['http://user@collector/v1/traces'],
    ['https://:secret@collector/v1/traces'],
  ])('cannot be %j', (url) => {
    const [error, ...others] = errorsWithBroker({ argv: [`--http.otlp_endpoint=${url}`] })

    expect(error).toMatch(/^http\.otlp_endpoint: must be a URL that begins with http:\/\//)
    expect(error).not.toContain('secret')
    expect(others).toEqual([])
  })
})
