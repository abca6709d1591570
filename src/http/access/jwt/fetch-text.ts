import { http, https } from '../../../base/node-modules.ts'

/** Far more than a key set has, bytes. */
const MAX_BYTES = 262_144

/**
 * Gets a text over HTTP or HTTPS. It follows no redirects: the answer is trusted because of the address.
 *
 * @throws Error if there is no answer, one with a status other than 200, or one of more than 256 KiB.
 */
export function fetchText(url: URL, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const options = { signal, agent: false, headers: { Accept: 'application/json' } }
  const request = (url.protocol === 'https:' ? https() : http).get(url, options)
  request.on('error', (error) => {
    reject(new Error(reasonOf(error, signal)))
  })
  request.on('response', (response) => {
    const { statusCode } = response
    if (statusCode !== 200) {
      request.destroy(new Error(`it answers ${statusCode ?? 'without a status'}`))
      return
    }
    let text = ''
    response.setEncoding('utf8')
    response.on('error', (error) => {
      reject(new Error(reasonOf(error, signal)))
    })
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_BYTES) request.destroy(new Error('the answer is longer than 256 KiB'))
    })
    response.on('end', () => {
      resolve(text)
    })
  })
  return promise
}

/** If every address of a host failed, Node's error has only a code and no message. */
function reasonOf(error: Error, { aborted, reason }: AbortSignal): string {
  if (aborted && reason instanceof Error) return reason.message
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return error.message || code
}
