/**
 * Reads server-sent events with `fetch`: an `EventSource` cannot send a token in a header, and a token in a URL would
 * end up in logs.
 */

/** The reply was not a stream. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * Reads a stream until it ends.
 *
 * @param {string} url
 * @param {{ token: string, signal: AbortSignal, onEvent: (name: string, data: any) => void }} options
 * @returns {Promise<void>} resolves when the stream ends; rejects with {@link Refused}, or with the error of `fetch`.
 */
export async function readEvents(url, { token, signal, onEvent }) {
  const response = await fetch(url, {
    headers: token === '' ? {} : { Authorization: `Bearer ${token}` },
    // The browser must not ask for a password by itself.
    credentials: 'omit',
    cache: 'no-store',
    signal,
  })
  if (!response.ok || response.body === null)
    throw new Refused(response.status, await said(response))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const parts = (text + value).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) tell(part, onEvent)
  }
}

/**
 * @param {string} part the lines of one event
 * @param {(name: string, data: any) => void} onEvent
 */
function tell(part, onEvent) {
  const [, name] = /^event: (.*)$/m.exec(part) ?? []
  const [, data] = /^data: (.*)$/m.exec(part) ?? []
  if (name !== undefined && data !== undefined) onEvent(name, JSON.parse(data))
}

/**
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function said(response) {
  try {
    const { message } = await response.json()
    return String(message)
  } catch {
    return `it answered ${response.status}`
  }
}
