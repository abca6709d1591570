/** Why a body is not taken. */
import { ProxyError } from '../base/errors.ts'
import type { HeldBytes } from './byte-budget.ts'

/** What to tell a client whose body made room for others. */
export const BODY_GIVEN_UP =
  'the body stopped to arrive, and the memory set aside for bodies was needed for others'

/** Takes bytes from the budget, or says why not. */
export function takeBytes(held: HeldBytes, bytes: number): ProxyError | undefined {
  switch (held.take(bytes)) {
    case 'taken':
      return undefined
    case 'full':
      return new ProxyError('OVERLOADED', 'too many request bodies are being received at once')
    case 'clientFull':
      return new ProxyError(
        'OVERLOADED',
        'too many request bodies are being received at once from this client address',
      )
  }
}

/** The refusal of a body for its size. */
export function bodyTooLarge(maxBytes: number): ProxyError {
  return new ProxyError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`)
}
