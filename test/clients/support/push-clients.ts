/** HTTP clients that push one record, each as its documentation has it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What each sends. */
const PUSH_BODY = '{"records":[{"topic":"orders","data":"hello"}]}'

const TYPE = 'application/json'
const PYTHON = '/usr/bin/python3'
/** Where Debian has Guzzle. */
const GUZZLE = '/usr/share/php/GuzzleHttp/autoload.php'
/** `go run` compiles first. */
const TIMEOUT_MS = 100_000

/** A client. */
export interface PushClient {
  readonly name: string
  /** What prints its version. */
  readonly version: readonly [string, ...string[]]
  /** The program that pushes to an address, and its name if it is a file. */
  readonly push: (url: string) => readonly [string, ...string[]]
  /** A file that it needs, with its name. */
  readonly file?: { readonly name: string; readonly text: string }
  /** Whether `.ci/run` installs it. */
  readonly isInstalled: boolean
}

const php = (text: string) => (url: string) => ['php', '-r', text, '--', url] as const
const python = (text: string) => (url: string) => [PYTHON, '-c', text, url, PUSH_BODY] as const
const node = (text: string) => (url: string) => [process.execPath, '-e', text, url] as const

/** The program in Go. */
const GO = `package main

import (
	"bytes"
	"net/http"
	"os"
)

func main() {
	_, err := http.Post(os.Args[1], "${TYPE}", bytes.NewReader([]byte(os.Args[2])))
	if err != nil {
		panic(err)
	}
}
`

const java = (version: string): string => `
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Push {
  public static void main(String[] args) throws Exception {
    var client = HttpClient.newBuilder()${version}.build();
    var body = HttpRequest.BodyPublishers.ofString(args[1]);
    var request = HttpRequest.newBuilder(URI.create(args[0])).header("Content-Type", "${TYPE}").POST(body).build();
    client.send(request, BodyHandlers.ofString());
  }
}
`

const WRK = `wrk.method = "POST"
wrk.body = '${PUSH_BODY}'
wrk.headers["Content-Type"] = "${TYPE}"
`

const fileClients: readonly PushClient[] = [
  {
    name: 'wrk',
    version: ['sh', '-c', 'wrk -v || true'],
    push: (url) => ['wrk', '-t', '1', '-c', '1', '-d', '1s', '-s', 'push.lua', url],
    file: { name: 'push.lua', text: WRK },
    isInstalled: false,
  },
  {
    name: 'hey',
    // It does not say its own.
    version: ['apt-cache', 'show', 'hey'],
    push: (url) => ['hey', '-n', '1', '-c', '1', '-m', 'POST', '-T', TYPE, '-d', PUSH_BODY, url],
    isInstalled: false,
  },
  {
    name: 'net/http of Go',
    version: ['go', 'version'],
    push: (url) => ['go', 'run', 'main.go', url, PUSH_BODY],
    file: { name: 'main.go', text: GO },
    isInstalled: true,
  },
  {
    name: 'HttpClient of Java, HTTP/1.1',
    version: ['java', '--version'],
    push: (url) => ['java', 'Push.java', url, PUSH_BODY],
    file: { name: 'Push.java', text: java('.version(HttpClient.Version.HTTP_1_1)') },
    // It takes a compiler.
    isInstalled: false,
  },
  {
    name: 'HttpClient of Java, as it is',
    version: ['java', '--version'],
    push: (url) => ['java', 'Push.java', url, PUSH_BODY],
    file: { name: 'Push.java', text: java('') },
    isInstalled: false,
  },
]

const PHP_OPTIONS = `['http' => ['method' => 'POST', 'header' => 'Content-Type: ${TYPE}', 'content' => '${PUSH_BODY}']]`
const PHP_CURL = `$curl = curl_init($argv[1]);
curl_setopt_array($curl, [CURLOPT_POSTFIELDS => '${PUSH_BODY}', CURLOPT_HTTPHEADER => ['Content-Type: ${TYPE}'], CURLOPT_RETURNTRANSFER => true]);
curl_exec($curl);`
const PHP_GUZZLE = `require '${GUZZLE}';
(new GuzzleHttp\\Client())->post($argv[1], ['json' => json_decode('${PUSH_BODY}')]);`

const PYTHON_HTTP_CLIENT = `import http.client, sys, urllib.parse
connection = http.client.HTTPConnection(urllib.parse.urlsplit(sys.argv[1]).netloc)
connection.request("POST", "/push", sys.argv[2], {"Content-Type": "${TYPE}"})
connection.getresponse().read()`
const PYTHON_URLLIB = `import sys, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "${TYPE}"})
urllib.request.urlopen(request).read()`
const PYTHON_REQUESTS = `import json, sys, requests
requests.post(sys.argv[1], json=json.loads(sys.argv[2]))`
const PYTHON_HTTPX = `import json, sys, httpx
httpx.post(sys.argv[1], json=json.loads(sys.argv[2]))`
const PYTHON_AIOHTTP = `import aiohttp, asyncio, json, sys
async def push():
    async with aiohttp.ClientSession() as session:
        await session.post(sys.argv[1], json=json.loads(sys.argv[2]))
asyncio.run(push())`

const NODE_FETCH = `await fetch(process.argv[1], { method: 'POST', headers: { 'Content-Type': '${TYPE}' }, body: '${PUSH_BODY}' })`
const NODE_HTTP = `require('node:http').request(process.argv[1], { method: 'POST', headers: { 'Content-Type': '${TYPE}' } }, (reply) => reply.resume()).end('${PUSH_BODY}')`

const versionOfModule = (name: string): readonly [string, ...string[]] => [
  ...([PYTHON, '-c', `import ${name}; print(${name}.__version__)`] as const),
]

/** All of them. */
export const PUSH_CLIENTS: readonly PushClient[] = [
  {
    name: 'curl',
    version: ['curl', '--version'],
    push: (url) => ['curl', '-sS', '-H', `Content-Type: ${TYPE}`, '-d', PUSH_BODY, url],
    isInstalled: true,
  },
  {
    name: 'curl --json',
    version: ['curl', '--version'],
    push: (url) => ['curl', '-sS', '--json', PUSH_BODY, url],
    isInstalled: true,
  },
  {
    name: 'PHP with its curl',
    version: ['php', '--version'],
    push: php(PHP_CURL),
    isInstalled: true,
  },
  {
    name: 'PHP with streams',
    version: ['php', '--version'],
    push: php(`file_get_contents($argv[1], false, stream_context_create(${PHP_OPTIONS}));`),
    isInstalled: true,
  },
  {
    name: 'Guzzle',
    version: ['dpkg-query', '-W', '-f', '${Version}', 'php-guzzlehttp-guzzle'],
    push: php(PHP_GUZZLE),
    isInstalled: true,
  },
  {
    name: 'http.client of Python',
    version: [PYTHON, '--version'],
    push: python(PYTHON_HTTP_CLIENT),
    isInstalled: true,
  },
  {
    name: 'urllib of Python',
    version: [PYTHON, '--version'],
    push: python(PYTHON_URLLIB),
    isInstalled: true,
  },
  {
    name: 'requests of Python',
    version: versionOfModule('requests'),
    push: python(PYTHON_REQUESTS),
    isInstalled: true,
  },
  {
    name: 'httpx of Python',
    version: versionOfModule('httpx'),
    push: python(PYTHON_HTTPX),
    isInstalled: false,
  },
  {
    name: 'aiohttp of Python',
    version: versionOfModule('aiohttp'),
    push: python(PYTHON_AIOHTTP),
    isInstalled: false,
  },
  {
    name: 'fetch of Node.js',
    version: [process.execPath, '--version'],
    push: (url) => [process.execPath, '--input-type=module', '-e', NODE_FETCH, url],
    isInstalled: true,
  },
  {
    name: 'http.request of Node.js',
    version: [process.execPath, '--version'],
    push: node(NODE_HTTP),
    isInstalled: true,
  },
  ...fileClients,
]

const run = promisify(execFile)

/** Pushes once. */
export async function pushWith(client: PushClient, url: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'push-client-'))
  try {
    if (client.file !== undefined) await writeFile(join(folder, client.file.name), client.file.text)
    const [program, ...args] = client.push(url)
    await run(program, args, { cwd: folder, timeout: TIMEOUT_MS })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Its version, as it says itself. */
export async function versionOf({ version: [program, ...args] }: PushClient): Promise<string> {
  const { stdout } = await run(program, args)
  return /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim()
}
