import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { configTextOf, type Manifest, type PodSpec } from './manifests.ts'
import { type Outcome, run } from './run.ts'

/** Runs `kprf config check` with the file and the variables that a pod has. */
export async function checkConfig(pod: PodSpec, manifests: readonly Manifest[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'))
  try {
    const [config, password] = [join(folder, 'kprf.yaml'), join(folder, 'password')]
    await writeFile(join(folder, 'ca.crt'), rootCertificates[0] ?? '')
    await writeFile(config, (configTextOf(pod, manifests) ?? '').replace('/etc/kafka-ca', folder))
    await writeFile(password, 'a-password-for-the-test')
    const variables = (pod.containers[0]?.env ?? []).map(({ name, value = '' }) => [name, value])
    const env = { ...Object.fromEntries(variables), PATH: process.env['PATH'] } as Record<
      string,
      string
    >
    if ('KPRF_CONFIG' in env) env['KPRF_CONFIG'] = config
    if ('KPRF_KAFKA_PASSWORD_FILE' in env) env['KPRF_KAFKA_PASSWORD_FILE'] = password
    const flags = ['--conditions=kprf-source', 'src/main.ts', 'config', 'check']
    return await run(process.execPath, flags, { env })
  } finally {
    await rm(folder, { recursive: true })
  }
}
