import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { originSettings } from '../../src/settings/origin.ts'
import { loadWithBroker } from '../config/sources.ts'

const PAGE = 'https://app.example.com'
const QUESTION = { origin: PAGE, 'access-control-request-method': 'POST' }

it.each([
  ['not', false, []],
  ['with http.propagate_trace', true, ['--http.propagate_trace=true']],
  ['with http.otlp_endpoint', true, ['--http.otlp_endpoint=http://127.0.0.1:4318/v1/traces']],
])('pages may send their trace: %s', (_, may, flags) => {
  const { cors } = originSettings(
    loadWithBroker({ argv: [`--http.cors.origins=${PAGE}`, ...flags] }),
  )

  const request = Object.assign(new IncomingMessage(new Socket()), { headers: QUESTION })
  const allowed = cors?.preflight(request, () => true) ?? []

  expect(allowed.join(' ').includes('traceparent, tracestate')).toBe(may)
})
