/** schemathesis sends what the document allows and what it forbids, and compares the replies with the document. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestCluster } from '@kprf/embedded-broker/testing'
import { runCommand } from '../kafka/cluster/command.ts'
import { type KprfProcess, startKprf } from '../support/kprf-process.ts'

const VERSION = '4.32.5'

const python = process.env['KAFKA_PYTHON'] ?? '/usr/bin/python3'
const hooks = join(import.meta.dirname, 'support/schemathesis-hooks.py')

let packages: string
let cluster: TestCluster
let kprf: KprfProcess

beforeAll(async () => {
  packages = mkdtempSync(join(tmpdir(), 'schemathesis-'))
  const options = ['-q', '--no-input', '--disable-pip-version-check', '--target', packages]
  await runCommand(python, ['-m', 'pip', 'install', ...options, `schemathesis==${VERSION}`], {
    timeoutMs: 300_000,
  })
  // Names of topics are generated, and the examples have one.
  cluster = await TestCluster.start({ brokers: 1, topics: { orders: { partitions: 1 } } })
  kprf = await startKprf(cluster.bootstrap)
})

afterAll(async () => {
  await kprf.stop()
  await cluster.close()
  rmSync(packages, { recursive: true })
})

test('all checks of schemathesis pass', async () => {
  const config = join(packages, 'schemathesis.toml')
  writeFileSync(config, settings())
  const url = `http://127.0.0.1:${kprf.pushPort}/openapi.json`
  const options = ['--checks', 'all', '--max-examples', '10', '--seed', '1', '--no-color']
  // Whatever its exit code is: what it prints says what is wrong.
  const program = `
import os, sys
# It leaves files where it runs.
os.chdir(${JSON.stringify(packages)})
sys.path.insert(0, ${JSON.stringify(packages)})
from schemathesis.cli import schemathesis
try:
    schemathesis()
except SystemExit:
    pass
`

  const { stdout } = await runCommand(
    python,
    ['-c', program, '--config-file', config, 'run', url, ...options],
    { timeoutMs: 100_000 },
  )

  expect(String(stdout)).toContain('No issues found')
  expect(String(stdout)).toContain('Tested: 19')
})

/** A request that is too large is refused with 413, which is none of the statuses that schemathesis expects. */
function settings(): string {
  return `
hooks = ${JSON.stringify(hooks)}

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 415, 422, 429]
`
}
