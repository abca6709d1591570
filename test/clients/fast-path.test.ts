/** Which HTTP clients push on the fast way, and that `test/http/fast/client-heads.ts` says what they send. */
import { expect, test } from 'vitest'
import { CLIENT_HEADS } from '../http/fast/client-heads.ts'
import { serveEdge } from '../support/http-edge.ts'
import { captureHead } from './support/capture-head.ts'
import { PUSH_CLIENTS, pushWith } from './support/push-clients.ts'

const INSTALLED = PUSH_CLIENTS.filter(({ isInstalled }) => isInstalled)

test.each(INSTALLED)('$name pushes on the fast way', async (client) => {
  const { port, fastRoute, producer, metrics } = await serveEdge()

  await pushWith(client, `http://127.0.0.1:${port}/push`)

  expect(metrics.pushes.map(({ status }) => status)).toEqual([200])
  expect(producer.records.map(({ value }) => value?.toString())).toEqual(['hello'])
  expect(fastRoute.taken).toBe(1)
})

test.each(INSTALLED)('$name sends the headers that are written down', async (client) => {
  const lines = await captureHead((url) => pushWith(client, url))

  const written = CLIENT_HEADS.find(({ name }) => name === client.name)?.lines
  expect(lines.map(withoutVersion)).toEqual(written?.map(withoutVersion))
})

/** A header without what differs from one version to the next, and the address. */
function withoutVersion(line: string): string {
  return line.replace(/^(user-agent|host|accept-encoding): .*/i, '$1')
}
