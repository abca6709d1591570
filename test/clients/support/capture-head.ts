import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const REPLY = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'

/**
 * Has a client push to a server that understands no HTTP.
 *
 * @returns the lines of the head that it sends, without the first one.
 */
export async function captureHead(
  push: (url: string) => Promise<void>,
): Promise<readonly string[]> {
  let head = ''
  const server = createServer((socket) => {
    let received = ''
    socket
      .on('data', (bytes) => {
        received += bytes.toString('latin1')
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1])
        const end = received.indexOf('\r\n\r\n')
        if (end === -1 || received.length < end + 4 + length) return
        if (head === '') head = received.slice(0, end)
        socket.end(REPLY)
      })
      .on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await push(`http://127.0.0.1:${(server.address() as AddressInfo).port}/push`)
  } finally {
    server.close()
  }
  const [first, ...lines] = head.split('\r\n')
  if (first !== 'POST /push HTTP/1.1') throw new Error(`the client sent ${String(first)}`)
  return lines
}
