import { mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { openFolder, writeAll } from '../../src/wal/node-storage.ts'

it('writes every byte, however few the operating system takes at a time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      async (arrays, shares) => {
        const pieces = arrays.map((bytes) => Buffer.from(bytes))
        const written: Buffer[] = []
        let calls = 0
        const writev = (buffers: readonly Buffer[]): Promise<{ bytesWritten: number }> => {
          const taken = Buffer.concat(buffers).subarray(0, shares[calls % shares.length])
          calls += 1
          written.push(taken)
          return Promise.resolve({ bytesWritten: taken.length })
        }

        await writeAll({ writev } as unknown as Parameters<typeof writeAll>[0], pieces)
        expect(Buffer.concat(written)).toEqual(Buffer.concat(pieces))
      },
    ),
  )
})

it('does not try for ever if the operating system writes nothing', async () => {
  const writev = (): Promise<{ bytesWritten: number }> => Promise.resolve({ bytesWritten: 0 })
  const file = { writev } as unknown as Parameters<typeof writeAll>[0]

  await expect(writeAll(file, [Buffer.from('a')])).rejects.toThrow('wrote nothing')
})

it('reads what it wrote, and fewer bytes at the end of a file', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wal-'))
  onTestFinished(() => rm(path, { recursive: true }))
  const folder = await openFolder(join(path, 'a', 'b'))
  const file = await folder.create('f')
  await file.append([Buffer.from('one'), Buffer.from('two')])
  await file.sync()
  await file.truncate(5)
  await file.append([Buffer.from('!')])
  await file.close()
  await folder.syncFolder()

  expect(String(await folder.read('f', 1, 100))).toBe('netw!')
  expect(await folder.size('f')).toBe(6)
  await expect(folder.create('f')).rejects.toMatchObject({ code: 'EEXIST' })
  await folder.rename('f', 'g')
  expect(await folder.list()).toEqual(['g'])
  await folder.remove('g')
  const { freeBytes, diskBytes } = await folder.space()
  expect(freeBytes).toBeGreaterThan(0)
  expect(diskBytes).toBeGreaterThanOrEqual(freeBytes)
})

it('refuses bytes for a file that was removed, or whose folder was moved away', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wal-'))
  onTestFinished(() => rm(path, { recursive: true }))
  const folder = await openFolder(join(path, 'a'))
  const file = await folder.create('f')
  await rename(join(path, 'a'), join(path, 'b'))
  await expect(file.append([Buffer.from('x')])).rejects.toMatchObject({ code: 'ENOENT' })
  await rename(join(path, 'b'), join(path, 'a'))
  await file.append([Buffer.from('y')])
  await folder.remove('f')
  await expect(file.append([Buffer.from('z')])).rejects.toMatchObject({ code: 'ENOENT' })
  await file.close()
})

it('does not try for ever to create a folder below a link that leads nowhere', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wal-'))
  onTestFinished(() => rm(path, { recursive: true }))
  await symlink(join(path, 'unmounted'), join(path, 'link'))

  await expect(openFolder(join(path, 'link', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOENT' })
})
