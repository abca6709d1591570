import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ProxyError } from '../../src/base/errors.ts'
import { webhookSettings } from '../../src/settings/webhooks.ts'
import { loadWithBroker } from '../config/sources.ts'

function settingsOf(...hooks: readonly object[]) {
  const argv = [`--http.webhooks=${JSON.stringify(hooks)}`]
  return webhookSettings(loadWithBroker({ argv }))
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kprf-webhooks-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, 'secrets')
  writeFileSync(path, text)
  return path
}

it('a webhook waits for Kafka, and takes times of five minutes ago', () => {
  const verify = { scheme: 'slack', secret: 'a' }

  expect(settingsOf({ path: '/a', topic: 't', verify })).toEqual([
    {
      ...{ path: '/a', topic: 't', keyFrom: undefined, answersChallenge: false, waits: true },
      verify: { scheme: 'slack', secrets: ['a'], header: '', toleranceS: 300 },
    },
  ])
})

it('a webhook has what the configuration says', () => {
  const verify = { scheme: 'hmac_sha1', secrets: ['a', 'b'], header: 'X-A' }
  const rest = { key_from: 'header:a', answer_challenge: true, wait: false }

  expect(
    settingsOf({ path: '/a', topic: 't' }, { path: '/b', topic: 't', verify, ...rest }),
  ).toMatchObject([
    { verify: undefined },
    {
      ...{ keyFrom: 'header:a', answersChallenge: true, waits: false },
      verify: { secrets: ['a', 'b'], header: 'X-A' },
    },
  ])
})

it('a file of secrets has one in each line', () => {
  const verify = { scheme: 'github', secret_file: fileOf('one\r\n\n  two \n') }

  expect(settingsOf({ path: '/a', topic: 't', verify })[0]?.verify?.secrets).toEqual(['one', 'two'])
})

it.each([
  [
    'github',
    '\n',
    'its lines must be 1 to 10 texts of up to 1000 characters without white space around them',
  ],
  [
    'standard_webhooks',
    'YWI=\nhunter2!',
    'its lines must be base64, with or without whsec_ before it',
  ],
])(
  'a file with other than secrets of %s is an error that repeats nothing of it',
  (scheme, text, reason) => {
    const path = fileOf(text)
    const verify = { scheme, secret_file: path }

    expect(() =>
      settingsOf({ path: '/a', topic: 't' }, { path: '/b', topic: 't', verify }),
    ).toThrow(
      new ProxyError(
        'CONFIG_INVALID',
        `http.webhooks[1].verify.secret_file: cannot use "${path}": ${reason}`,
      ),
    )
  },
)

it('a file that is not there is an error', () => {
  const verify = { scheme: 'github', secret_file: '/nowhere/secrets' }

  expect(() => settingsOf({ path: '/a', topic: 't', verify })).toThrow(
    'http.webhooks[0].verify.secret_file: cannot use "/nowhere/secrets": ',
  )
})
