/**
 * What users have in their files, scripts, dashboards and alerts. A line that is added is a new feature. A line that
 * changes or goes breaks somebody's installation: keep the old name beside the new one, or say so in CHANGELOG.md.
 * `npx vitest run test/contract --update` writes the list anew.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/base/errors.ts'
import { printConfig } from '../../src/cli/cli.ts'
import { PROPERTY_SETTINGS } from '../../src/config/names.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'

const fileNamed = (name: string): string => new URL(name, import.meta.url).pathname

test('every key, variable, flag and default is what it was', async () => {
  const settings = SETTINGS.map(
    ({ key, variable, default: value, allowed, property, hasFileVariable = false }) =>
      [
        `${key} = ${JSON.stringify(value)}`,
        `${variable}${hasFileVariable ? ' and _FILE' : ''}`,
        ...[`--${key}`, allowed, (property?.names ?? []).join(', ')],
      ].join(' | '),
  )
  const properties = PROPERTY_SETTINGS.map(
    ({ key, variable, hasFileVariable = false }) =>
      `${key} | ${variable}${hasFileVariable ? ' and _FILE' : ''}`,
  )

  await expect(lines([...settings, '', ...properties])).toMatchFileSnapshot(
    fileNamed('settings.txt'),
  )
})

test('kprf config print prints what it did', async () => {
  const { text } = printConfig({
    argv: ['--kafka.brokers=a:9092,b', '--kafka.user=u', '--kafka.password=secret'],
    env: { KPRF_KAFKA_PROPERTIES_LINGER_MS: '7', KPRF_HTTP_PORT: '4243' },
    readFile: () => '',
  })

  await expect(text).toMatchFileSnapshot(fileNamed('config-print.txt'))
})

test('every status and number of an error is what it was', async () => {
  const names = Object.keys(ERROR_CODES).toSorted()
  const mappings = new Map<string, { status: number; errorCode: number }>(
    Object.entries(HTTP_MAPPINGS),
  )
  const errors = names.map((name) => {
    const { status, errorCode } = mappings.get(name) ?? { status: 0, errorCode: 0 }
    return `${status} ${errorCode} ${name}`
  })

  await expect(lines(errors)).toMatchFileSnapshot(fileNamed('errors.txt'))
})

test('every metric has the name, type and labels that it had', async () => {
  const page = readFileSync(new URL('../../docs/METRICS.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const metrics = rows.map((row) =>
    row
      .split('|')
      .slice(1, 4)
      .map((cell) => cell.trim())
      .join(' | '),
  )

  await expect(lines(metrics)).toMatchFileSnapshot(fileNamed('metrics.txt'))
})

function lines(texts: readonly string[]): string {
  return `${texts.join('\n')}\n`
}
