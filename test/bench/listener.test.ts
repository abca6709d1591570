import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { listenerOf } from '../../bench/support/listener.ts'

it.each(['127.0.0.1', '0.0.0.0', '::1'])(
  'the process that listens on a port of %s is found, and none once it is closed',
  async (host) => {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo

    expect(listenerOf(port)).toBe(process.pid)

    server.close()
    await once(server, 'close')
    expect(listenerOf(port)).toBeUndefined()
  },
)
