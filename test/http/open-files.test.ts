import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import { describe, expect, it } from 'vitest'
import { hasFreeDescriptor, roomForConnections } from '../../src/http/open-files.ts'

const limitsOf = (openFiles: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     \n` +
  `Max open files            ${openFiles.padEnd(21)}524288               files     \n`

describe('roomForConnections', () => {
  it.for([
    ['4096', 3840, 'leaves 256 file descriptors to everything else'],
    ['1048576', 10_000, 'is never more than wanted'],
    ['256', 128, 'leaves half of them where there are few'],
    ['unlimited', 10_000, 'is what is wanted where there is no limit'],
  ] as const)('with %s open files is %i: %s', ([openFiles, room]) => {
    expect(roomForConnections(10_000, limitsOf(openFiles))).toBe(room)
  })

  it('is the wanted number if the system reports no limit', () => {
    expect(roomForConnections(10_000, '')).toBe(10_000)
  })
})

describe('hasFreeDescriptor', () => {
  it.each([
    ['EMFILE', false],
    ['ENFILE', false],
    ['EACCES', true],
  ])('after %s is %s', (code, isFree) => {
    const open = (): never => {
      throw Object.assign(new Error('open'), { code })
    }

    expect(hasFreeDescriptor(open)).toBe(isFree)
  })

  it('is true where a file can be opened', () => {
    expect(hasFreeDescriptor()).toBe(true)
    expect(hasFreeDescriptor(() => openSync(devNull, 'r'))).toBe(true)
  })
})
