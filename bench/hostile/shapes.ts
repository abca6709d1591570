/**
 * The requests of hostile or broken clients, by kind ("shape"). A shape sends about the requested number of bytes,
 * and leaves its connections open if holding them is its purpose.
 */
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { LARGEST_BODY_BYTES } from './bodies.ts'
import { type Flood, rawPush } from './flood.ts'

/** Whether brokers can be reached while a shape is sent. */
export type Kafka = 'up' | 'away'

/** One shape. */
export interface Shape {
  readonly name: string
  readonly kafka: Kafka
  /** Additional settings of kprf for this shape. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Sends about this many bytes, and resolves when the server has answered or will not. */
  send(flood: Flood, bytes: number): Promise<void>
}

const LONG_TIMEOUT = { 'kafka.message_timeout_ms': 300_000 }
const WAIT_MS = 2_000
const AT_ONCE = 8

/** Numbers new topics for each request, so that none is known. */
let topicNumber = 0

/** A push of one record of 100 bytes to a topic that exists, on connections that are kept. */
export const NORMAL_PUSH = rawPush(
  Buffer.from(JSON.stringify({ records: [{ topic: 'bench', data: 'x'.repeat(100) }] })),
  { isKept: true },
)

/** The baseline for processor time. */
export const NORMAL: Shape = { name: 'normal pushes', kafka: 'up', send: sendNormal }

/** The baseline for memory: records that are held. */
export const NORMAL_WHILE_AWAY: Shape = {
  ...{ name: 'normal pushes while Kafka is away', kafka: 'away' },
  ...{ settings: LONG_TIMEOUT, send: sendNormal },
}

/** Every hostile shape. */
export const SHAPES: readonly Shape[] = [
  repeated('10,000 records to 10,000 new topics', 'away', () => rawPush(manyTopics(10_000)), {
    'kafka.message_timeout_ms': 60_000,
  }),
  repeated('10,000 records to 10,000 unknown topics', 'up', () => rawPush(manyTopics(10_000))),
  repeated('2,500 topics to be created', 'up', () => rawPush(manyTopics(2_500, 3))),
  repeated('gzip: eight million [', 'up', zipped(Buffer.alloc(LARGEST_BODY_BYTES, '['))),
  repeated('gzip: an unknown field of [[],[],...]', 'up', zipped(wideField('[]'))),
  repeated('gzip: an unknown field of [1,1,...]', 'up', zipped(wideField('1'))),
  repeated('gzip: records of {}', 'up', zipped(filled('{"records":[{}', ',{}', ']}'))),
  repeated('gzip: 10,000 records of next to nothing', 'up', zipped(tinyRecords())),
  repeated('gzip: 590,000 headers in one record', 'up', zipped(manyHeaders(590_000))),
  repeated(
    'gzip: one string of 10 MiB',
    'up',
    zipped(filled('{"records":[{"topic":"bench","data":"', 'x', '"}]}')),
  ),
  repeated('gzip: white space', 'up', zipped(filled('{"records":[', ' ', ']}'))),
  repeated('gzip: invalid UTF-8', 'up', zipped(Buffer.alloc(LARGEST_BODY_BYTES, 0xff))),
  repeated('gzip: long keys while Kafka is away', 'away', zipped(longKeys()), LONG_TIMEOUT),
  repeated('81-byte bodies in gzip', 'up', smallGzip()),
  { name: 'error replies that nobody reads', kafka: 'up', send: sendUnread },
  { name: 'slow readers of error replies', kafka: 'up', send: sendSlowReaders },
  { name: 'chunks of one byte', kafka: 'up', send: sendOneByteChunks },
  { name: 'halves of bodies', kafka: 'up', send: sendHalves },
  { name: 'stalled bodies of 10 MiB', kafka: 'up', send: sendStalled },
  { name: 'pipelined pushes, no reply read', kafka: 'up', send: sendPipelined },
  {
    name: 'pushes that wait for room in a full queue',
    kafka: 'away',
    settings: { ...LONG_TIMEOUT, 'kafka.queue_buffering_max_messages': 1_000 },
    send: sendWaiting,
  },
  { name: 'empty requests', kafka: 'up', send: sendEmpty },
]

/** Sends requests of one kind, several at once, each on its own connection. */
function repeated(
  name: string,
  kafka: Kafka,
  make: () => Buffer,
  settings: Shape['settings'] = {},
): Shape {
  const send = async (flood: Flood, bytes: number): Promise<void> => {
    const sendNext = async (): Promise<void> => {
      while (flood.sentBytes < bytes) await flood.request(make())
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendNext))
  }
  return { name, kafka, settings, send }
}

/** Sends normal pushes, one after the other on each of a few connections. */
export async function sendNormal(flood: Flood, bytes: number): Promise<void> {
  const sockets = await flood.openMany(AT_ONCE)
  for (const socket of sockets) socket.resume()
  const sendNext = async (socket: Socket): Promise<void> => {
    while (flood.sentBytes < bytes && !socket.destroyed) {
      const answered = nextBytes(socket)
      await flood.send(socket, NORMAL_PUSH)
      await answered
    }
  }
  await Promise.all(sockets.map(sendNext))
}

async function sendUnread(flood: Flood, bytes: number): Promise<void> {
  const request = rawPush(invalidRecords(), { isKept: true })
  const sockets = await flood.openMany(Math.ceil(bytes / request.length))
  for (const socket of sockets) socket.pause()
  await Promise.all(sockets.map((socket) => flood.send(socket, request)))
  await pause(WAIT_MS)
}

async function sendSlowReaders(flood: Flood, bytes: number): Promise<void> {
  const request = rawPush(invalidRecords(), { isKept: true })
  const sockets = await flood.openMany(Math.ceil(bytes / request.length))
  for (const socket of sockets) {
    socket.pause()
    const timer = setInterval(() => {
      socket.read(600)
    }, 500)
    socket.once('close', () => {
      clearInterval(timer)
    })
  }
  await Promise.all(sockets.map((socket) => flood.send(socket, request)))
  await pause(WAIT_MS)
}

async function sendOneByteChunks(flood: Flood, bytes: number): Promise<void> {
  const head = Buffer.from(
    'POST /push HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  const chunks = Buffer.from('1\r\n \r\n'.repeat(10_000))
  const sockets = await flood.openMany(AT_ONCE)
  await Promise.all(sockets.map((socket) => flood.send(socket, head)))
  const sendNext = async (socket: Socket): Promise<void> => {
    while (flood.sentBytes < bytes && !socket.destroyed) await flood.send(socket, chunks)
  }
  await Promise.all(sockets.map(sendNext))
}

/** Each connection sends half of a body of 1 MB in small writes, and then stays silent. */
async function sendHalves(flood: Flood, bytes: number): Promise<void> {
  const piece = Buffer.alloc(1_024, ' ')
  const head = rawPush(piece, { length: 1_000_000, isKept: true })
  const sockets = await flood.openMany(1_000)
  await Promise.all(sockets.map((socket) => flood.send(socket, head)))
  while (flood.sentBytes < bytes) {
    await Promise.all(sockets.map((socket) => flood.send(socket, piece)))
    if (flood.open === 0) return
  }
}

async function sendStalled(flood: Flood): Promise<void> {
  const body = rawPush(Buffer.alloc(LARGEST_BODY_BYTES - 1, ' '), { length: LARGEST_BODY_BYTES })
  const sockets = await flood.openMany(33)
  await Promise.all(sockets.map((socket) => flood.send(socket, body)))
  await pause(WAIT_MS)
}

async function sendPipelined(flood: Flood, bytes: number): Promise<void> {
  const requests = Buffer.concat(Array.from({ length: 300 }, () => NORMAL_PUSH))
  const sockets = await flood.openMany(200)
  for (const socket of sockets) socket.pause()
  const perSocket = bytes / sockets.length
  await Promise.race([
    Promise.all(
      sockets.map(async (socket) => {
        for (let sent = 0; sent < perSocket; sent += requests.length) {
          await flood.send(socket, requests)
        }
      }),
    ),
    pause(WAIT_MS),
  ])
}

async function sendWaiting(flood: Flood, bytes: number): Promise<void> {
  const record = { topic: 'bench', data: '' }
  const body = JSON.stringify({ records: Array.from({ length: 10_000 }, () => record) })
  const request = rawPush(Buffer.from(body))
  const sendNext = async (): Promise<void> => {
    while (flood.sentBytes < bytes) await flood.request(request)
  }
  await Promise.all(Array.from({ length: 500 }, sendNext))
}

async function sendEmpty(flood: Flood, bytes: number): Promise<void> {
  const requests = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))
  const sockets = await flood.openMany(AT_ONCE)
  for (const socket of sockets) socket.resume()
  const sendNext = async (socket: Socket): Promise<void> => {
    while (flood.sentBytes < bytes && !socket.destroyed) {
      const answered = nextBytes(socket)
      await flood.send(socket, requests)
      await answered
    }
  }
  await Promise.all(sockets.map(sendNext))
}

function manyTopics(count: number, nameBytes = 1): Buffer {
  const records = Array.from({ length: count }, () => {
    topicNumber += 1
    return { topic: `${'t'.repeat(nameBytes)}${topicNumber.toString(36)}`, data: '' }
  })
  return Buffer.from(JSON.stringify({ records }))
}

/** Each body is compressed once; a hostile client would do the same. */
function zipped(body: Buffer): () => Buffer {
  let request: Buffer | undefined
  return () => (request ??= rawPush(gzipSync(body, { level: 9 }), { isGzip: true }))
}

function filled(before: string, filling: string, after: string): Buffer {
  const room = LARGEST_BODY_BYTES - before.length - after.length
  return Buffer.from(before + filling.repeat(Math.floor(room / filling.length)) + after)
}

function wideField(value: string): Buffer {
  return filled(`{"records":[],"x":[${value}`, `,${value}`, ']}')
}

function tinyRecords(): Buffer {
  const record = { topic: 'bench', data: '' }
  return Buffer.from(JSON.stringify({ records: new Array<object>(10_000).fill(record) }))
}

function manyHeaders(count: number): Buffer {
  const headers = Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`, '']))
  return Buffer.from(JSON.stringify({ records: [{ topic: 'bench', data: '', headers }] }))
}

function longKeys(): Buffer {
  const record = { topic: 'bench', data: '', key: 'k'.repeat(100_000) }
  return Buffer.from(JSON.stringify({ records: Array.from({ length: 80 }, () => record) }))
}

function smallGzip(): () => Buffer {
  return zipped(Buffer.from('{"records":[{"topic":"bench","data":"a small record"}]}'))
}

function invalidRecords(): Buffer {
  return filledTo(20_000, '{"records":[{}', ',{}', ']}')
}

function filledTo(bytes: number, before: string, filling: string, after: string): Buffer {
  return Buffer.from(before + filling.repeat(Math.floor(bytes / filling.length)) + after)
}

/** Resolves when data from the server arrives, or none will. */
function nextBytes(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      socket.off('data', finish).off('close', finish)
      resolve()
    }
    socket.once('data', finish).once('close', finish)
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
