/** Keeps the page connected to kprf: begins again when the stream ends, and asks for a token when one is needed. */
import { readEvents, Refused } from './events.js'

/** The token stays in this tab, and is gone when it is closed. */
const TOKEN_KEY = 'kprf-token'
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 5_000
/** Without an event for so long, the connection is taken for dead. */
const SILENCE_MS = 10_000

/** The token that the viewer gave; empty without one. For other requests of the page to the same port. */
export function currentToken() {
  return sessionStorage.getItem(TOKEN_KEY) ?? ''
}

/** @param {string} token */
function keepToken(token) {
  if (token === '') sessionStorage.removeItem(TOKEN_KEY)
  else sessionStorage.setItem(TOKEN_KEY, token)
}

/**
 * Connects, for as long as the page is open.
 *
 * @param {object} listeners
 * @param {(name: string, data: any) => void} listeners.onEvent
 * @param {(reason: string) => void} listeners.onLost the stream ended, or could not be begun; the page tries again
 * @param {(message: string, wasWrong: boolean) => Promise<string>} listeners.askToken asks the viewer
 */
export async function connect({ onEvent, onLost, askToken }) {
  let waitMs = FIRST_WAIT_MS
  for (;;) {
    const token = currentToken()
    try {
      await readWhileAlive(token, (name, data) => {
        waitMs = FIRST_WAIT_MS
        onEvent(name, data)
      })
      onLost('kprf has ended the connection')
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        keepToken(await askToken(error.message, token !== ''))
        continue
      }
      onLost(error instanceof Refused ? error.message : 'kprf does not answer')
    }
    await pause(waitMs)
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
  }
}

/**
 * @param {string} token
 * @param {(name: string, data: any) => void} onEvent
 */
async function readWhileAlive(token, onEvent) {
  const aborter = new AbortController()
  let timer = setTimeout(() => aborter.abort(), SILENCE_MS)
  try {
    await readEvents('page/live', {
      token,
      signal: aborter.signal,
      onEvent: (name, data) => {
        clearTimeout(timer)
        timer = setTimeout(() => aborter.abort(), SILENCE_MS)
        onEvent(name, data)
      },
    })
  } finally {
    clearTimeout(timer)
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
