/**
 * The network of an engine. dockerd's own rules of the firewall would stay after it, with a policy that drops what is
 * forwarded: so it makes none, and one rule here lets its containers reach each other where that policy is in force.
 */
import { existsSync } from 'node:fs'
import { runCommand } from '../../kafka/cluster/command.ts'

/** Where dockerd takes the addresses of its networks from. */
export const ADDRESS_POOL = 'base=10.214.0.0/16,size=24'

/** The addresses of containers: those of the pool, and those that deploy/docker-compose.yml sets. */
const CONTAINERS = ['10.214.0.0/16', '172.31.242.0/24'] as const

/** The bridge of the engine that a process owns. */
export function bridgeOf(pid: number): string {
  return `kprf${pid}`
}

/** Makes the bridge, which containers have that name no network, and lets containers reach each other. */
export async function makeNetwork(pid: number): Promise<void> {
  const bridge = bridgeOf(pid)
  await runCommand('ip', ['link', 'add', bridge, 'type', 'bridge'])
  await runCommand('ip', ['address', 'add', `10.213.${pid % 256}.1/24`, 'dev', bridge])
  await runCommand('ip', ['link', 'set', bridge, 'up'])
  for (const rule of rules(pid)) await runCommand('iptables', ['-I', ...rule])
}

/** Removes what is left of it. */
export async function removeNetwork(pid: number): Promise<void> {
  for (const rule of rules(pid)) {
    const isThere = await runCommand('iptables', ['-C', ...rule]).then(
      () => true,
      () => false,
    )
    if (isThere) await runCommand('iptables', ['-D', ...rule])
  }
  const bridge = bridgeOf(pid)
  if (existsSync(`/sys/class/net/${bridge}`)) await runCommand('ip', ['link', 'delete', bridge])
}

function rules(pid: number): readonly string[][] {
  return CONTAINERS.map((range) => [
    ...['FORWARD', '-s', range, '-d', range, '-j', 'ACCEPT'],
    ...['-m', 'comment', '--comment', bridgeOf(pid)],
  ])
}
