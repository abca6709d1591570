/**
 * `npm run capture:heads`: has each HTTP client push, and writes what the head of its request is to
 * `test/http/fast/client-heads.ts`. Of a client that is not there, what is written already is kept.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { CLIENT_HEADS, type ClientHead } from '../http/fast/client-heads.ts'
import { captureHead } from './support/capture-head.ts'
import { type PushClient, PUSH_CLIENTS, pushWith, versionOf } from './support/push-clients.ts'

const FILE = join(import.meta.dirname, '../http/fast/client-heads.ts')

async function headOf(client: PushClient): Promise<ClientHead | undefined> {
  try {
    const version = await versionOf(client)
    const lines = await captureHead((url) => pushWith(client, url))
    // Ports are others each time.
    return {
      name: client.name,
      version,
      lines: lines.map((line) => line.replace(/^(host: ).*/i, '$1kprf:4242')),
    }
  } catch (error) {
    console.error(`kept ${client.name}: ${String(error).split('\n', 1)[0] ?? ''}`)
    return CLIENT_HEADS.find(({ name }) => name === client.name)
  }
}

scriptArguments('Usage: npm run capture:heads', {})
const progress = new ScriptProgress({
  ...{ verb: 'captured', noun: 'head', total: PUSH_CLIENTS.length },
})
const heads: ClientHead[] = []
for (const client of PUSH_CLIENTS) {
  const head = await headOf(client)
  if (head !== undefined) heads.push(head)
  progress.done()
}
progress.end()
const [before = ''] = readFileSync(FILE, 'utf8').split('export const CLIENT_HEADS', 1)
const text = `${before}export const CLIENT_HEADS: readonly ClientHead[] = ${JSON.stringify(heads)}\n`
const options = await resolveConfig(FILE)
writeFileSync(FILE, await format(text, { ...options, filepath: FILE }))
