import { expect, it } from 'vitest'
import { parsePeer } from '../../bench/support/peer.ts'

it.each([
  [
    'rust=http://127.0.0.1:4242/push',
    { name: 'rust', port: 4242, target: '/push', door: 'push', pid: undefined },
  ],
  [
    'rust kprf=http://localhost:4242',
    { name: 'rust kprf', port: 4242, target: '/push', door: 'push', pid: undefined },
  ],
  [
    'bento=http://127.0.0.1/topics/t?wait=true,pid=123',
    { name: 'bento', port: 80, target: '/topics/t?wait=true', door: 'raw', pid: 123 },
  ],
])('%s is read as an address', (text, address) => {
  expect(parsePeer(text)).toEqual(address)
})

it.each(['http://127.0.0.1:4242', 'rust=', 'rust=https://127.0.0.1', 'rust=http://:x', 'a=b'])(
  '%s is refused with an example',
  (text) => {
    expect(() => parsePeer(text)).toThrow(
      `--peer ${text} is not understood: write it like rust=http://127.0.0.1:4242/push`,
    )
  },
)

it('a pid that is no number is refused', () => {
  expect(() => parsePeer('rust=http://127.0.0.1:4242,pid=x')).toThrow('is not understood')
})

it('a server on another machine is refused, because the load is sent on this one', () => {
  expect(() => parsePeer('rust=http://10.0.0.7:4242')).toThrow('start it on this one')
})
