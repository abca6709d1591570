import { mkdtempSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  RenewableCredentials,
  type Credentials,
} from '../../../src/producer/security/renewable-credentials.ts'

const directories: string[] = []

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kprf-'))
  directories.push(directory)
  return directory
}

const withPassword = (password: string): Credentials => ({
  ssl: undefined,
  sasl: { mechanism: 'plain', username: 'kprf', password },
})

/** Credentials from these files, of which a script says what is read next, or why that fails. */
function make(...files: readonly string[]) {
  const script: { next: string | Error; reads: number } = { next: 'first', reads: 0 }
  const heard: string[] = []
  const reader = {
    files,
    read: () => {
      script.reads += 1
      if (script.next instanceof Error) throw script.next
      return { ...withPassword(script.next), secrets: [script.next] }
    },
  }
  const credentials = new RenewableCredentials(withPassword('first'), reader, {
    onRenewed: ({ secrets }) => heard.push(`renewed: ${secrets.join(', ')}`),
    onRefused: (reason) => heard.push(`refused: ${reason}`),
  })
  const password = (): unknown => {
    const { sasl } = credentials.current()
    return sasl && 'password' in sasl ? sasl.password : undefined
  }
  return { script, heard, password }
}

describe('RenewableCredentials', () => {
  it('are read once as long as their file stays as it is', () => {
    const path = join(makeDirectory(), 'password')
    writeFileSync(path, 'first')
    const { script, heard, password } = make(path)

    expect([password(), password(), password()]).toEqual(['first', 'first', 'first'])
    expect(script.reads).toBe(1)
    expect(heard).toEqual([])
  })

  it('are read when they are used first, because a file may have changed since the start', () => {
    const path = join(makeDirectory(), 'password')
    writeFileSync(path, 'renewed before the first use')
    const { script, password } = make(path)
    script.next = 'renewed before the first use'

    expect(password()).toBe('renewed before the first use')
  })

  it('are never read without a file', () => {
    const { script, password } = make()

    expect(password()).toBe('first')
    expect(script.reads).toBe(0)
  })

  const WAYS: readonly [string, (path: string) => void][] = [
    [
      'written',
      (path) => {
        writeFileSync(path, 'second, longer')
      },
    ],
    [
      'replaced by another',
      (path) => {
        writeFileSync(`${path}.new`, 'again')
        renameSync(`${path}.new`, path)
      },
    ],
  ]

  it.each(WAYS)(
    'are read again once a file was %s, and the listener gets the secrets',
    (_, change) => {
      const path = join(makeDirectory(), 'password')
      writeFileSync(path, 'first')
      const { script, heard, password } = make(path)
      password()

      script.next = 'second'
      change(path)

      expect([password(), password()]).toEqual(['second', 'second'])
      expect(script.reads).toBe(2)
      expect(heard).toEqual(['renewed: second'])
    },
  )

  it('are read again once a link on the way points elsewhere, as Kubernetes renews secrets', () => {
    const directory = makeDirectory()
    for (const version of ['one', 'two']) {
      mkdirSync(join(directory, version))
      writeFileSync(join(directory, version, 'password'), version)
    }
    symlinkSync('one', join(directory, 'data'))
    const { script, heard, password } = make(join(directory, 'data', 'password'))
    password()

    script.next = 'second'
    symlinkSync('two', join(directory, 'data.new'))
    renameSync(join(directory, 'data.new'), join(directory, 'data'))

    expect(password()).toBe('second')
    expect(heard).toEqual(['renewed: second'])
  })

  it('are read again once a directory has another file', () => {
    const directory = makeDirectory()
    const { script, heard, password } = make(directory)
    password()

    script.next = 'second'
    writeFileSync(join(directory, 'ca.pem'), 'an authority')

    expect(password()).toBe('second')
    expect(heard).toEqual(['renewed: second'])
  })

  it('are read again once a link in a directory leads to another file, also beside links that go round in circles', () => {
    const directory = makeDirectory()
    for (const version of ['..one', '..two']) {
      mkdirSync(join(directory, version))
      writeFileSync(join(directory, version, 'ca.crt'), version)
    }
    symlinkSync('..one', join(directory, '..data'))
    symlinkSync(join('..data', 'ca.crt'), join(directory, 'ca.crt'))
    for (const name of ['a', 'b', 'c']) symlinkSync('.', join(directory, name))
    const { script, heard, password } = make(directory)
    password()

    script.next = 'second'
    symlinkSync('..two', join(directory, '..data.new'))
    renameSync(join(directory, '..data.new'), join(directory, '..data'))

    expect(password()).toBe('second')
    expect(heard).toEqual(['renewed: second'])
  })

  it('stay as they are while a file cannot be used, which is said once, and are renewed once it can', () => {
    const path = join(makeDirectory(), 'password')
    writeFileSync(path, 'first')
    const { script, heard, password } = make(path)
    password()

    script.next = new Error('it is empty')
    writeFileSync(path, '')
    const meanwhile = [password(), password()]
    script.next = 'second'
    writeFileSync(path, 'second')

    expect(meanwhile).toEqual(['first', 'first'])
    expect(password()).toBe('second')
    expect(heard).toEqual(['refused: it is empty', 'renewed: second'])
  })

  it('stay as they are while a file is gone', () => {
    const path = join(makeDirectory(), 'password')
    writeFileSync(path, 'first')
    const { script, heard, password } = make(path)
    password()

    script.next = new Error('ENOENT: no such file or directory')
    rmSync(path)

    expect([password(), password()]).toEqual(['first', 'first'])
    expect(heard).toEqual(['refused: ENOENT: no such file or directory'])
  })
})
