import express from 'express'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { messagesOf } from '../../src/http/express-messages.ts'

describe('messagesOf', () => {
  it('makes requests and responses whose prototypes Express leaves as they are', async () => {
    const app = express()
    const seen: { before: unknown[]; after: unknown[]; helper: string | undefined }[] = []
    const prototypes = (request: IncomingMessage, response: ServerResponse): unknown[] => [
      Object.getPrototypeOf(request),
      Object.getPrototypeOf(response),
    ]
    let before: unknown[] = []
    app.get('/', (request, response) => {
      // `get` is a method that Express adds.
      seen.push({ before, after: prototypes(request, response), helper: request.get('x-test') })
      response.status(204).end()
    })
    const server = createServer(messagesOf(app), (request, response) => {
      before = prototypes(request, response)
      app(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())

    const { port } = server.address() as AddressInfo
    const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-test': 'yes' } })

    expect(reply.status).toBe(204)
    expect(seen).toHaveLength(1)
    expect(seen[0]?.after[0]).toBe(seen[0]?.before[0])
    expect(seen[0]?.after[1]).toBe(seen[0]?.before[1])
    expect(seen[0]?.helper).toBe('yes')
  })
})
