/** docs/CONTAINERS.md: every command of it, in its order, word for word. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { removeContainers } from './engine/docker.ts'
import { REPOSITORY } from './engine/folders.ts'
import { Stack } from './engine/stack.ts'

const engine = inject('engine')
const page = await readFile(join(REPOSITORY, 'docs/CONTAINERS.md'), 'utf8')
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block)
const programs = join(engine.folder, 'programs')

/** What some of the commands print. */
const PRINTED: readonly (readonly [command: string, output: RegExp])[] = [
  ['until docker exec kprf kprf health', /^ok$/m],
  ['config_example.yaml', /^ok$/m],
  ['KPRF_KAFKA_PASSWORD_FILE', /^ {2}user: kprf /m],
  ['.State.Health.Status', /^(starting|healthy)$/m],
  ['.State.ExitCode', /^0$/m],
  ['kprf wal inspect', /worker|records/],
  ['sbom.cdx.json', /"bomFormat": "CycloneDX"/],
  ['docker compose up', /^hello$/m],
]

/** The engine's own network leads nowhere, so that builds take that of this machine. */
const DOCKER = `#!/usr/bin/env bash
PATH=\${PATH#*:}
[ "$1" = build ] && set -- build --network=host "\${@:2}"
exec docker "$@"
`

beforeAll(async () => {
  await mkdir(programs, { recursive: true })
  await writeFile(join(programs, 'docker'), DOCKER)
  await chmod(join(programs, 'docker'), 0o755)
})

afterAll(async () => {
  await removeContainers(engine)
  await new Stack(engine, 'docker-compose.yml', 'kprf-documented').remove()
  await new Stack(engine, 'deploy/docker-compose.yml', 'kprf-deploy').remove()
})

/** Runs a block as a shell does in which each command must succeed. */
async function run(block: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', block], {
    cwd: REPOSITORY,
    env: {
      ...process.env,
      ...engine.environment,
      COMPOSE_PROJECT_NAME: block.includes('-f deploy/') ? 'kprf-deploy' : 'kprf-documented',
      PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    },
  })
  return stdout
}

describe('docs/CONTAINERS.md', () => {
  test.each(blocks.map((block) => ({ block, title: block.split('\n')[0] })))(
    'runs $title',
    async ({ block }) => {
      const output = await run(block)
      for (const [command, printed] of PRINTED) {
        if (block.includes(command)) expect(output).toMatch(printed)
      }
    },
  )

  test('what is expected to be printed belongs to commands of the page', () => {
    for (const [command] of PRINTED) expect(blocks.join('')).toContain(command)
    expect(blocks.length).toBeGreaterThan(15)
  })
})
