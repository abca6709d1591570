/** Reads the headers of requests that become headers of records. Pure. */

/** One header, as often as it was sent. */
export interface RequestHeader {
  /** In the case in which it was sent. */
  readonly written: string
  /** In lower case. */
  readonly name: string
  readonly value: Buffer
}

const CONTENT_TYPE = 'content-type'

/** The headers of a request in their order. @param rawHeaders - names and values, alternating. */
export function requestHeaders(rawHeaders: readonly string[]): readonly RequestHeader[] {
  const headers: RequestHeader[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const written = rawHeaders[at] ?? ''
    // Node.js reads headers as Latin-1, so that these are the bytes that were sent.
    const value = Buffer.from(rawHeaders[at + 1] ?? '', 'latin1')
    headers.push({ written, name: written.toLowerCase(), value })
  }
  return headers
}

/** Whether a record keeps a header: its type, and those of `http.raw.forward_headers`. */
export function isKept(name: string, forwardHeaders: ReadonlySet<string>): boolean {
  return name === CONTENT_TYPE || forwardHeaders.has(name)
}
