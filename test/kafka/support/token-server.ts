import { sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Identity } from './certificates.ts'

/** What its tokens are signed with and say. */
export interface TokenServerOptions {
  readonly identity: Identity
  readonly key: KeyObject
  readonly kid: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** A token endpoint on this machine, over HTTPS, that gives signed tokens or does not. */
export class TokenServer {
  readonly #options: TokenServerOptions
  readonly #server: https.Server
  /** What it answers. */
  status = 200
  requests = 0
  /** The last token that it gave. */
  token = ''

  constructor(options: TokenServerOptions, server: https.Server) {
    this.#options = options
    this.#server = server
    server.on('request', (request, response) => {
      this.requests += 1
      request.resume()
      this.token = this.#signed()
      const body =
        this.status === 200 ? { access_token: this.token } : { error: 'temporarily_unavailable' }
      response.writeHead(this.status, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  }

  static async start(options: TokenServerOptions): Promise<TokenServer> {
    const { certificate, key } = options.identity
    const credentials = { cert: await readFile(certificate), key: await readFile(key) }
    const server = https.createServer(credentials).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TokenServer(options, server)
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `https://127.0.0.1:${port}/token`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #signed(): string {
    const { key, kid, claims } = this.#options
    const iat = Math.floor(Date.now() / 1_000)
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const head = part({ alg: 'RS256', typ: 'JWT', kid })
    const signed = `${head}.${part({ ...claims, iat, exp: iat + 3_600 })}`
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
  }
}
