import type { IncomingMessage } from 'node:http'
import { DISCARD_MAX_BYTES } from './limits.ts'

/** How a discarded body ended. `tooLarge`: it is longer than {@link DISCARD_MAX_BYTES}. */
export type Discarded = 'whole' | 'clientGone' | 'tooLarge'

/**
 * Reads and discards the rest of a body.
 *
 * @param onOver - called once. After `tooLarge`, the caller must end the connection.
 */
export function discardBody(request: IncomingMessage, onOver: (how: Discarded) => void): void {
  let discardedBytes = 0
  let isOver = false
  const end = (how: Discarded): void => {
    if (isOver) return
    isOver = true
    request.off('data', onData)
    onOver(how)
  }
  const onData = (piece: Buffer): void => {
    discardedBytes += piece.length
    if (discardedBytes > DISCARD_MAX_BYTES) end('tooLarge')
  }
  request.on('data', onData)
  request.once('end', () => {
    end('whole')
  })
  request.once('close', () => {
    end('clientGone')
  })
  request.resume()
}
