/** HTTP clients that people use, with tokens: each reads the refusal of a large push whose body is not wanted. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const TOKEN = 'token-of-shop'

const PHP = `
$push = curl_init($argv[1]);
curl_setopt_array($push, [
  CURLOPT_POSTFIELDS => file_get_contents($argv[3]),
  CURLOPT_HTTPHEADER => ["Authorization: Bearer $argv[2]", 'Content-Type: application/json'],
  CURLOPT_RETURNTRANSFER => true,
]);
if (curl_exec($push) === false) exit(curl_error($push));
echo curl_getinfo($push, CURLINFO_HTTP_CODE);`

const PYTHON = `
import requests, sys
url, token, path = sys.argv[1:]
headers = {'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json'}
print(requests.post(url, data=open(path, 'rb'), headers=headers).status_code, end='')`

const NODE = `
const { readFileSync } = require('node:fs')
const [url, token, path] = process.argv.slice(1)
const headers = { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' }
fetch(url, { method: 'POST', headers, body: readFileSync(path) })
  .then((reply) => process.stdout.write(String(reply.status)))`

const CURL = [
  '-sS',
  '-o',
  '/dev/null',
  '-w',
  '%{http_code}',
  '-H',
  'Content-Type: application/json',
]

type Client = (url: string, token: string, path: string) => [command: string, args: string[]]

const CLIENTS: readonly (readonly [name: string, client: Client])[] = [
  [
    'curl',
    (url, token, path) => [
      'curl',
      [...CURL, '-H', `Authorization: Bearer ${token}`, '--data-binary', `@${path}`, url],
    ],
  ],
  [
    'curl -u',
    (url, token, path) => ['curl', [...CURL, '-u', `u:${token}`, '--data-binary', `@${path}`, url]],
  ],
  ['PHP with curl', (...args) => ['php', ['-r', PHP, '--', ...args]]],
  ['Python requests', (...args) => ['/usr/bin/python3', ['-c', PYTHON, ...args]]],
  ['fetch of Node.js', (...args) => [process.execPath, ['-e', NODE, ...args]]],
]

let folder: string
let cluster: TestCluster
let kprf: KprfProcess
let url: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokens-'))
  const topics = { orders: { partitions: 1 }, bills: { partitions: 1 } }
  cluster = await TestCluster.start({ brokers: 1, topics, partitionMaxBytes: 2 ** 26 })
  const acl = [{ principals: ['shop'], topics: ['orders'], allow: ['produce'] }]
  kprf = await startKprf(cluster.bootstrap, {
    'http.auth.tokens': JSON.stringify([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
    'http.acl': JSON.stringify(acl),
  })
  url = `http://127.0.0.1:${kprf.pushPort}/push`
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
  await rm(folder, { recursive: true })
})

/** A file with a push of so many records of 512 KiB. */
async function pushFile(topic: string, largeRecords: number): Promise<string> {
  const data = ['small', ...Array.from({ length: largeRecords }, () => 'x'.repeat(524_288))]
  const path = join(folder, `${topic}-${largeRecords}.json`)
  const records = data.map((value) => ({ topic, data: value }))
  await writeFile(path, JSON.stringify({ records, wait_for_send: true }))
  return path
}

describe.each(CLIENTS)('%s', (_, client) => {
  it.each([
    ['a right token', TOKEN, 'orders', 0, '200'],
    ['a right token and 4 MiB', TOKEN, 'orders', 8, '200'],
    ['a right token for another topic', TOKEN, 'bills', 0, '403'],
    ['a wrong token', 'wrong', 'orders', 0, '401'],
    ['a wrong token and 8 MiB', 'wrong', 'orders', 16, '401'],
  ])('with %s', async (_case, token, topic, largeRecords, status) => {
    const before = cluster.records('orders').length
    const [command, args] = client(url, token, await pushFile(topic, largeRecords))

    const { stdout } = await promisify(execFile)(command, args)

    expect(stdout).toBe(status)
    expect(cluster.records('orders')).toHaveLength(
      before + (status === '200' ? 1 + largeRecords : 0),
    )
    expect(cluster.records('bills')).toEqual([])
  })
})
