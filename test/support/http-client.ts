import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'

/** A reply, whatever its status. */
export interface HttpReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Longer than any reply may take: message.timeout.ms is less in every test. */
const replyTimeoutMs = 60_000

/** A plain HTTP/1.1 client for one port of kprf. */
export class HttpClient {
  readonly #port: number
  readonly #agent: Agent

  /** @param keepAlive - whether connections are reused; without it each request has its own. */
  constructor(port: number, { keepAlive = true } = {}) {
    this.#port = port
    this.#agent = new Agent({ keepAlive })
  }

  /** Sends JSON. Rejects without a complete reply within a minute. */
  post(path: string, json: string, headers: OutgoingHttpHeaders = {}): Promise<HttpReply> {
    return this.#send('POST', path, { json, headers })
  }

  /** Requests a resource. Rejects without a complete reply within a minute. */
  get(path: string): Promise<HttpReply> {
    return this.#send('GET', path)
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy()
  }

  #send(
    method: 'GET' | 'POST',
    path: string,
    posted?: { readonly json: string; readonly headers: OutgoingHttpHeaders },
  ): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          agent: this.#agent,
          method,
          path,
          signal: AbortSignal.timeout(replyTimeoutMs),
          headers: posted ? { 'Content-Type': 'application/json', ...posted.headers } : {},
        },
        (response) => {
          const chunks: Buffer[] = []
          response
            .on('data', (chunk: Buffer) => chunks.push(chunk))
            .on('error', reject)
            .on('end', () => {
              const text = Buffer.concat(chunks).toString()
              resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
            })
        },
      )
      sent.on('error', reject).end(posted?.json)
    })
  }
}
