import type { Socket } from 'node:net'

const EMPTY_LINE = '\r\n\r\n'

/** A header with which a body follows. Where it stands in a body, nothing comes of it. */
const ANNOUNCES_BODY = /\n(?:content-length:[ \t]*[1-9]|transfer-encoding:)/i

/** Rounds of what is due at once: a refusal of a request takes three. */
const ROUNDS = 8

/**
 * Gives bytes to Node's listeners of a socket. When Node reads by itself, it does what is due whenever it comes to a body: the
 * refusal of that request, for one, must have ended the connection before the next request is begun. So the bytes come in
 * pieces, each up to where a body begins, and between two of them all is done that is due. Nothing is read meanwhile.
 *
 * @param onFed - called after the last byte.
 */
export function feedNode(socket: Socket, bytes: Buffer, onFed: () => void): void {
  if (socket.isPaused() && !socket.destroyed) {
    // Node has enough for now, and resumes it before it reads on.
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

/** Where the first body begins, or what could be one; the end if none does. */
function startOfBody(bytes: Buffer): number {
  let start = 0
  for (;;) {
    const end = bytes.indexOf(EMPTY_LINE, start, 'latin1') + EMPTY_LINE.length
    if (end < EMPTY_LINE.length) return bytes.length
    if (ANNOUNCES_BODY.test(bytes.toString('latin1', start, end))) return end
    start = end
  }
}

/** In one round all of Node's ticks come, and then all jobs of promises. */
function afterRounds(rounds: number, task: () => void): void {
  if (rounds === 0) task()
  else
    process.nextTick(() => {
      queueMicrotask(() => {
        afterRounds(rounds - 1, task)
      })
    })
}
