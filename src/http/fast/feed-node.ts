import type { Socket } from 'node:net'

const EMPTY_LINE = '\r\n\r\n'

/** A header that announces a body. If these bytes are within a body, the only effect is one more piece. */
const ANNOUNCES_BODY = /\n(?:content-length:[ \t]*[1-9]|transfer-encoding:)/i

/** Rounds of ticks and promise jobs between two pieces: the refusal of a request takes three. */
const ROUNDS = 8

/**
 * Passes bytes to Node's listeners of a socket as if Node had read them. When Node reads by itself, it runs pending ticks
 * and promise jobs before it reads a body. They matter: if the request is refused, for example, they end the
 * connection before the next request begins. So the bytes are passed in pieces, each up to where a body begins, and the
 * pending jobs run between two pieces. The socket reads nothing meanwhile.
 *
 * @param onFed - called after the last byte.
 */
export function feedNode(socket: Socket, bytes: Buffer, onFed: () => void): void {
  if (socket.isPaused() && !socket.destroyed) {
    // Node has paused the socket, and resumes it when it wants more.
    socket.once('resume', () => {
      feedNode(socket, bytes, onFed)
    })
    return
  }
  const end = socket.destroyed ? bytes.length : startOfBody(bytes)
  socket.emit('data', bytes.subarray(0, end))
  if (end === bytes.length) {
    onFed()
    return
  }
  afterRounds(ROUNDS, () => {
    feedNode(socket, bytes.subarray(end), onFed)
  })
}

/** The offset at which the first body, or what could be one, begins; the length of the bytes if there is none. */
function startOfBody(bytes: Buffer): number {
  let start = 0
  for (;;) {
    const end = bytes.indexOf(EMPTY_LINE, start, 'latin1') + EMPTY_LINE.length
    if (end < EMPTY_LINE.length) return bytes.length
    if (ANNOUNCES_BODY.test(bytes.toString('latin1', start, end))) return end
    start = end
  }
}

/** Runs a task after a number of rounds. In each round, Node runs all ticks and then all promise jobs. */
function afterRounds(rounds: number, task: () => void): void {
  if (rounds === 0) task()
  else
    process.nextTick(() => {
      queueMicrotask(() => {
        afterRounds(rounds - 1, task)
      })
    })
}
