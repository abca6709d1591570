import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../src/cli/cli.ts'
import { hashToken, newToken } from '../../src/cli/token.ts'
import { TokenTable } from '../../src/http/access/token-table.ts'
import { readTokensFile } from '../../src/config/tokens-file.ts'

const TOKEN = /kprf_[\w-]{43}/

describe('kprf token new', () => {
  it('prints an entry that knows its principal by the token', () => {
    const { stdout, stderr, exitCode } = newToken('shop: "a"')
    const token = TOKEN.exec(stderr)?.[0] ?? ''
    const file = readTokensFile('f', () => stdout)

    expect(exitCode).toBe(0)
    expect(stdout).not.toMatch(TOKEN)
    expect(file.status).toBe('read')
    const table = new TokenTable(file.status === 'read' ? file.tokens : [])
    expect(table.find(token)).toEqual({ name: 'shop: "a"' })
  })

  it('makes another token each time, whose entries add up to a file', () => {
    const file = readTokensFile('f', () => `${newToken('a').stdout}${newToken('a').stdout}`)

    expect(file).toMatchObject({ status: 'read', tokens: [{ principal: 'a' }, { principal: 'a' }] })
  })

  it.each(['', '*', 'a\nb', 'x'.repeat(256)])('refuses the principal %j', (principal) => {
    expect(newToken(principal)).toEqual({
      ...{ stdout: '', exitCode: 64 },
      stderr: 'kprf token new: the principal must be a name of up to 255 characters without *\n',
    })
  })
})

describe('kprf token hash', () => {
  it('prints what kprf compares', () => {
    expect(hashToken('0123456789abcdef\n')).toMatchObject({
      stdout: '9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f\n',
      exitCode: 0,
    })
    expect(hashToken('0123456789abcdef').stdout).toBe(hashToken('0123456789abcdef\r\n').stdout)
  })

  it.each([
    ['', 'kprf token hash: write the token to stdin, as in kprf token hash < FILE\n'],
    ['\n', 'kprf token hash: write the token to stdin, as in kprf token hash < FILE\n'],
    [
      'two words and more',
      'kprf token hash: a token has visible ASCII characters only, and no space\n',
    ],
    [
      'short',
      'kprf token hash: the token is shorter than 16 characters, which can be guessed; kprf token new makes one\n',
    ],
  ])('refuses %j', (input, stderr) => {
    expect(hashToken(input)).toEqual({ stdout: '', stderr, exitCode: 64 })
  })
})

describe('the command', () => {
  it.each([
    [['token', 'new', 'shop'], { kind: 'newToken', principal: 'shop' }],
    [['token', 'hash'], { kind: 'hashToken' }],
    [['token', '--help'], { kind: 'help', of: 'token' }],
  ])('is found in %j', (argv, command) => {
    expect(parseCommand(argv)).toEqual(command)
  })

  it.each([
    [['token']],
    [['token', 'new']],
    [['token', 'new', 'a', 'b']],
    [['token', 'hash', 'secret']],
    [['token', 'secret']],
  ])('is incomplete in %j, which the message does not repeat', (argv) => {
    const command = parseCommand(argv)

    expect(command.kind).toBe('unknown')
    expect(JSON.stringify(command)).not.toContain('secret')
  })
})
