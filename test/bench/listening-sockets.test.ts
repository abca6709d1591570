import { expect, it } from 'vitest'
import { listeningSockets } from '../../bench/support/listener.ts'

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1092 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 71 1 00000000 100 0 0 10 0
   1: 00000000:1092 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 72 1 00000000 100 0 0 10 0
   2: 0100007F:1092 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 73 1 00000000 20 4 30 10 -1
   3: 0100007F:1093 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 74 1 00000000 100 0 0 10 0
  10: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 75 1
`

it('the sockets that listen on a port are found, on whatever address', () => {
  expect(listeningSockets(TABLE, 0x1092)).toEqual(['socket:[71]', 'socket:[72]'])
})

it('a port below 4096 is found by its four digits', () => {
  expect(listeningSockets(TABLE, 80)).toEqual(['socket:[75]'])
})

it('a port that is only the remote one of a connection is not found', () => {
  expect(listeningSockets(TABLE, 0xc350)).toEqual([])
})

it('no table means no socket', () => {
  expect(listeningSockets('', 80)).toEqual([])
})
