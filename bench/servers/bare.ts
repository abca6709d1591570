/** The baseline: a Node.js HTTP server that only reads and parses a push, and answers ok. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const REPLY = '{"status":"ok","errors":[]}'
const HEADERS = { 'Content-Type': 'application/json', 'Content-Length': REPLY.length }

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString())
      response.writeHead(200, HEADERS)
      response.end(REPLY)
    })
})
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`)
})
