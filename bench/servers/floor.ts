/**
 * The least that a push costs in Node.js: a TCP server that looks for the end of a head, parses what follows as JSON, and
 * answers ok as kprf does, all replies of a turn in a row. It understands no HTTP: only the load generator can use it.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'

const BODY = '{"status":"ok","errors":[]}'
const HEAD = [
  'HTTP/1.1 200 OK',
  'Content-Type: application/json; charset=utf-8',
  `Content-Length: ${BODY.length}`,
  'X-Request-Id: 01234567-89ab-7def-8123-456789abcdef',
  'X-Content-Type-Options: nosniff',
  'Cache-Control: no-store',
  'Date: Thu, 01 Jan 1970 00:00:00 GMT',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
]
const REPLY = `${HEAD.join('\r\n')}\r\n\r\n${BODY}`
const EMPTY_LINE = '\r\n\r\n'

let answered: Socket[] = []

function answer(socket: Socket): void {
  if (answered.length === 0) setImmediate(flush)
  answered.push(socket)
}

function flush(): void {
  const sockets = answered
  answered = []
  for (const socket of sockets) socket.write(REPLY, 'latin1')
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const head = bytes.indexOf(EMPTY_LINE, 0, 'latin1')
    try {
      JSON.parse(bytes.toString('utf8', head + EMPTY_LINE.length))
      rest = Buffer.alloc(0)
      answer(socket)
    } catch {
      // Not all of it has arrived.
      rest = bytes
    }
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`)
})
