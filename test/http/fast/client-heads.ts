/** Heads of pushes, as HTTP clients send them. */

/** The head of a push of one client. */
export interface ClientHead {
  readonly name: string
  readonly version: string
  /** As they were read from its socket, but for the port in `Host`. */
  readonly lines: readonly string[]
}

/** Written by `npm run capture:heads`. */
export const CLIENT_HEADS: readonly ClientHead[] = [
  {
    name: 'curl',
    version: '7.88.1',
    lines: [
      'Host: kprf:4242',
      'User-Agent: curl/7.88.1',
      'Accept: */*',
      'Content-Type: application/json',
      'Content-Length: 47',
    ],
  },
  {
    name: 'curl --json',
    version: '7.88.1',
    lines: [
      'Host: kprf:4242',
      'User-Agent: curl/7.88.1',
      'Content-Type: application/json',
      'Accept: application/json',
      'Content-Length: 47',
    ],
  },
  {
    name: 'PHP with its curl',
    version: '8.2.36',
    lines: [
      'Host: kprf:4242',
      'Accept: */*',
      'Content-Type: application/json',
      'Content-Length: 47',
    ],
  },
  {
    name: 'PHP with streams',
    version: '8.2.36',
    lines: [
      'Host: kprf:4242',
      'Connection: close',
      'Content-Length: 47',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'Guzzle',
    version: '7.4.5',
    lines: [
      'Host: kprf:4242',
      'User-Agent: GuzzleHttp/7',
      'Content-Type: application/json',
      'Content-Length: 47',
    ],
  },
  {
    name: 'http.client of Python',
    version: '3.11.2',
    lines: [
      'Host: kprf:4242',
      'Accept-Encoding: identity',
      'Content-Length: 47',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'urllib of Python',
    version: '3.11.2',
    lines: [
      'Accept-Encoding: identity',
      'Content-Length: 47',
      'Host: kprf:4242',
      'User-Agent: Python-urllib/3.11',
      'Content-Type: application/json',
      'Connection: close',
    ],
  },
  {
    name: 'requests of Python',
    version: '2.28.1',
    lines: [
      'Host: kprf:4242',
      'User-Agent: python-requests/2.28.1',
      'Accept-Encoding: gzip, deflate',
      'Accept: */*',
      'Connection: keep-alive',
      'Content-Length: 51',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'httpx of Python',
    version: '0.28.1',
    lines: [
      'Host: kprf:4242',
      'Accept: */*',
      'Accept-Encoding: gzip, deflate',
      'Connection: keep-alive',
      'User-Agent: python-httpx/0.28.1',
      'Content-Length: 47',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'aiohttp of Python',
    version: '3.14.5',
    lines: [
      'Host: kprf:4242',
      'Accept: */*',
      'Accept-Encoding: gzip, deflate',
      'User-Agent: Python/3.11 aiohttp/3.14.5',
      'Content-Length: 51',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'fetch of Node.js',
    version: '26.10.0',
    lines: [
      'host: kprf:4242',
      'connection: keep-alive',
      'Content-Type: application/json',
      'accept: */*',
      'accept-language: *',
      'sec-fetch-mode: cors',
      'user-agent: node',
      'accept-encoding: gzip, deflate',
      'content-length: 47',
    ],
  },
  {
    name: 'http.request of Node.js',
    version: '26.10.0',
    lines: [
      'Content-Type: application/json',
      'Host: kprf:4242',
      'Connection: keep-alive',
      'Content-Length: 47',
    ],
  },
  {
    name: 'wrk',
    version: '4.1.0',
    lines: ['Host: kprf:4242', 'Content-Length: 47', 'Content-Type: application/json'],
  },
  {
    name: 'hey',
    version: '0.1.4',
    lines: [
      'Host: kprf:4242',
      'User-Agent: hey/0.0.1',
      'Content-Length: 47',
      'Content-Type: application/json',
      'Accept-Encoding: gzip',
    ],
  },
  {
    name: 'net/http of Go',
    version: '1.26.8',
    lines: [
      'Host: kprf:4242',
      'User-Agent: Go-http-client/1.1',
      'Content-Length: 47',
      'Content-Type: application/json',
      'Accept-Encoding: gzip',
    ],
  },
  {
    name: 'HttpClient of Java, HTTP/1.1',
    version: '17.0.21.1',
    lines: [
      'Content-Length: 47',
      'Host: kprf:4242',
      'User-Agent: Java-http-client/17.0.21.1',
      'Content-Type: application/json',
    ],
  },
  {
    name: 'HttpClient of Java, as it is',
    version: '17.0.21.1',
    lines: [
      'Connection: Upgrade, HTTP2-Settings',
      'Content-Length: 47',
      'Host: kprf:4242',
      'HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA',
      'Upgrade: h2c',
      'User-Agent: Java-http-client/17.0.21.1',
      'Content-Type: application/json',
    ],
  },
]
