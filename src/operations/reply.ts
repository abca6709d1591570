import type { ServerResponse } from 'node:http'

/** Refuses a request in the form of the operations port. */
export function sendError(response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ error_code: status * 100, message })
  send(response, status, 'application/json', body)
}

/** Sends a text of this media type. No effect after the server has refused the request, for a body that is not HTTP. */
export function send(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
): void {
  if (response.headersSent) return
  const body = Buffer.from(text)
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.length })
  response.end(body)
}
