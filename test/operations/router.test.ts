import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createRouter, type Handler } from '../../src/operations/router.ts'

const say =
  (text: string): Handler =>
  (_request, response) => {
    response.end(text)
  }

async function serve(handler: Handler) {
  const failures: unknown[] = []
  const router = createRouter({
    paths: [
      ['/', say('root')],
      ['/livez', handler],
    ],
    refusePath: say('no such path'),
    refuseMethod: say('no such method'),
    answerError: (error, response) => {
      failures.push(error)
      response.end('failed')
    },
  })
  const server = createServer(router).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = async (path: string, method = 'GET') =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method })).text()
  return { failures, ask, port }
}

test.each([
  ['/', 'root'],
  ['/?a=/livez', 'root'],
  ['/livez', 'alive'],
  ['/livez/', 'alive'],
  ['/LiveZ?verbose', 'alive'],
  ['/livez/?verbose', 'alive'],
  ['/livez//', 'no such path'],
  ['//livez', 'no such path'],
  ['/%6civez', 'no such path'],
  ['/livez/more', 'no such path'],
])('%s is answered with: %s', async (path, text) => {
  const { ask } = await serve(say('alive'))

  expect(await ask(path)).toBe(text)
})

test.each([
  ['http://kprf:8088/livez', 'alive'],
  ['HTTP://kprf/livez/?verbose', 'alive'],
  ['http://kprf/nothing', 'no such path'],
])('the whole URL %s is answered with: %s', async (target, text) => {
  const { port } = await serve(say('alive'))

  const [response] = (await once(get({ port, path: target }), 'response')) as [IncomingMessage]

  expect(await readAll(response)).toBe(text)
})

test('a path takes GET and HEAD only', async () => {
  const { ask } = await serve(say('alive'))

  expect(await ask('/livez', 'POST')).toBe('no such method')
  expect(await ask('/livez', 'HEAD')).toBe('')
  expect(await ask('/nothing', 'POST')).toBe('no such path')
})

test.each<[string, Handler]>([
  [
    'throws',
    () => {
      throw new Error('a bug')
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug'))],
])('a handler that %s is answered for, and the next request is served', async (_how, handler) => {
  const { ask, failures } = await serve(handler)

  expect([await ask('/livez'), await ask('/')]).toEqual(['failed', 'root'])
  expect(failures).toEqual([new Error('a bug')])
})
