import type { Response } from 'express'

/** Refuses a request in the form of the operations port. */
export function sendError(response: Response, status: number, message: string): void {
  const body = JSON.stringify({ error_code: status * 100, message })
  send(response, status, 'application/json', body)
}

/** Express's own `send` would rewrite the media type, whose spelling some scrapers compare. */
export function send(response: Response, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.length })
  response.end(body)
}
