/** The commands and the values in docs/KUBERNETES.md and docs/SYSTEMD.md are run, or checked by the program they are for. */
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkConfig } from './support/config-check.ts'
import { codeBlocks, commandsOf } from './support/code-blocks.ts'
import { disagreements } from './support/agreement.ts'
import { parseManifests, workloadsOf } from './support/manifests.ts'
import { run } from './support/run.ts'
import { buildTool, checkManifests, helm, kubectl } from './support/tools.ts'
import { withFile } from './support/with-file.ts'

const KUBERNETES = 'docs/KUBERNETES.md'
const SYSTEMD = 'docs/SYSTEMD.md'
/** What kubectl and helm say once they have nothing against the command itself. */
const NO_CLUSTER = /connection refused|was refused|cluster unreachable/

describe('the page of Kubernetes', () => {
  beforeAll(async () => {
    await buildTool('helm')
    await buildTool('kubectl')
    await buildTool('manifest-check')
  })

  it.each(commandsOf(KUBERNETES, 'kubectl'))('kubectl takes: %s', async (command) => {
    expect((await kubectl(...command.split(' ').slice(1))).output).toMatch(NO_CLUSTER)
  })

  it.each(commandsOf(KUBERNETES, 'helm'))('helm takes: %s', async (command) => {
    const [values = ''] = codeBlocks(KUBERNETES, 'yaml')

    const { output } = await withFile(values, (file) =>
      helm(...command.replace('values.yaml', file).split(' ').slice(1)),
    )

    expect(output).toMatch(NO_CLUSTER)
  })

  it('kubectl and helm refuse a command that does not exist', async () => {
    expect((await kubectl('rollout', 'restrat', 'deployment/kprf')).output).not.toMatch(NO_CLUSTER)
    expect((await helm('upgarde', 'kprf')).output).not.toMatch(NO_CLUSTER)
  })

  it('its values make objects that agree, with a configuration that kprf accepts', async () => {
    const blocks = codeBlocks(KUBERNETES, 'yaml')
    expect(blocks).toHaveLength(2)
    for (const values of blocks) {
      const { output: text } = await withFile(values, (file) =>
        helm('template', 'kprf', 'deploy/helm/kprf', '--values', file),
      )
      const manifests = parseManifests(text.replaceAll('registry.example.com/', ''))
      const [workload] = workloadsOf(manifests)
      if (workload === undefined) throw new Error(text)

      expect((await withFile(text, (file) => checkManifests(file))).exitCode).toBe(0)
      expect(disagreements(manifests)).toEqual([])
      expect((await checkConfig(workload.spec.template.spec, manifests)).output).toBe('ok\n')
    }
  })
})

describe('the page of systemd', () => {
  it('its commands install the unit, a configuration that kprf accepts, and a password for root alone', async () => {
    const root = await mkdtemp(join(tmpdir(), 'systemd-'))
    try {
      const programs = await standIns(root, ['systemctl', 'journalctl'])
      const commands = codeBlocks(SYSTEMD, 'sh')
        .join('')
        .replaceAll(/(?<= |=)\/etc\//g, `${root}/etc/`)
      const local = commands
        .replace('/dev/stdin', `${root}/typed`)
        .replaceAll(/^kprf health.*$/gm, '')
        .replaceAll(/^kprf /gm, `'${process.execPath}' --conditions=kprf-source src/main.ts `)
      await writeFile(join(root, 'typed'), 'a-password-for-the-test\n')
      const env = { PATH: `${programs}:${process.env['PATH']}`, HOME: root }

      const { exitCode, output } = await run('bash', ['-eu', '-c', local], { env })

      expect({ exitCode, output }).toEqual({ exitCode: 0, output: 'ok\n' })
      const installed = await readFile(join(root, 'etc/systemd/system/kprf.service'), 'utf8')
      expect(installed).toContain('LoadCredential=kafka-password:/etc/kprf/kafka-password')
      expect(installed).toContain('--config=/etc/kprf/kprf.yaml')
      expect((await stat(join(root, 'etc/kprf/kafka-password'))).mode & 0o777).toBe(0o600)
      const called = (await readFile(join(root, 'called'), 'utf8')).trim().split('\n')
      expect(called).toContain('systemctl enable --now kprf.service')
      expect(
        called.every((call) => call.includes('kprf.service') || call.endsWith('daemon-reload')),
      ).toBe(true)
    } finally {
      await rm(root, { recursive: true })
    }
  })

  it('systemd takes its settings beside those of the unit', async () => {
    const root = await mkdtemp(join(tmpdir(), 'systemd-'))
    try {
      const [settings = ''] = codeBlocks(SYSTEMD, 'ini')
      const unit = join(root, 'kprf.service')
      const text = await readFile('deploy/systemd/kprf.service', 'utf8')
      await writeFile(unit, text.replace('/usr/local/bin/kprf', '/bin/true'))
      await mkdir(`${unit}.d`)
      await writeFile(join(`${unit}.d`, 'override.conf'), settings)

      expect(await run('systemd-analyze', ['verify', unit])).toEqual({ exitCode: 0, output: '' })
      await writeFile(
        join(`${unit}.d`, 'override.conf'),
        settings.replace('MemoryMax', 'MemoryMaximum'),
      )
      expect((await run('systemd-analyze', ['verify', unit])).output).toContain('MemoryMaximum')
    } finally {
      await rm(root, { recursive: true })
    }
  })

  it('logrotate renames a log file and reloads the service', async () => {
    const root = await mkdtemp(join(tmpdir(), 'logrotate-'))
    try {
      const programs = await standIns(root, ['systemctl'])
      const log = join(root, 'kprf.log')
      const rules = join(root, 'rules')
      await writeFile(log, 'a line\n')
      const text = await readFile('deploy/systemd/kprf.logrotate', 'utf8')
      await writeFile(rules, text.replaceAll('/var/log/kprf', root))
      await chmod(root, 0o755)
      const env = { PATH: `${programs}:${process.env['PATH']}` }

      const args = ['--force', '--state', join(root, 'state'), rules]
      const { exitCode, output } = await run('/usr/sbin/logrotate', args, { env })

      expect({ exitCode, output }).toEqual({ exitCode: 0, output: '' })
      expect(await readFile(`${log}.1`, 'utf8')).toBe('a line\n')
      await expect(stat(log)).rejects.toThrow('ENOENT')
      expect(await readFile(join(root, 'called'), 'utf8')).toBe('systemctl reload kprf.service\n')
    } finally {
      await rm(root, { recursive: true })
    }
  })
})

/** Programs that write down how they were called, in the file `called`. @returns their folder. */
async function standIns(root: string, names: readonly string[]): Promise<string> {
  const folder = join(root, 'bin')
  await mkdir(folder)
  for (const name of names) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "${name} $*" >> '${root}/called'\n`)
    await chmod(join(folder, name), 0o755)
  }
  return folder
}
