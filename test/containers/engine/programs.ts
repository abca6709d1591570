/** The programs that the tests of containers need: none is optional, so that no test is skipped unseen. */
import { runCommand } from '../../kafka/cluster/command.ts'

/** What shows that a program is there, with the Debian package that has it and what it is for. */
const PROGRAMS = [
  { program: 'dockerd', args: ['--version'], package: 'docker.io', purpose: 'runs containers' },
  { program: 'docker', args: ['--version'], package: 'docker.io', purpose: 'controls dockerd' },
  {
    program: 'debootstrap',
    args: ['--version'],
    package: 'debootstrap',
    purpose: 'makes the stand-ins for the base images',
  },
  { program: 'ip', args: ['-V'], package: 'iproute2', purpose: 'makes a network for containers' },
  {
    program: 'iptables',
    args: ['--version'],
    package: 'iptables',
    purpose: 'lets containers reach each other',
  },
  { program: 'kcat', args: ['-V'], package: 'kcat', purpose: 'reads topics back' },
  { program: 'mvn', args: ['--version'], package: 'maven', purpose: 'fetches the jars of Kafka' },
] as const

/** @throws Error with a line for everything that is missing. */
export async function requirePrograms(): Promise<void> {
  const missing = await Promise.all(PROGRAMS.map(problemWith))
  if (process.getuid?.() !== 0) missing.unshift(['root: dockerd starts as root only'])
  const lines = missing.flat()
  if (lines.length > 0) {
    throw new Error(`The tests of containers need what is not here:\n${lines.join('\n')}`)
  }
}

async function problemWith({
  program,
  args,
  package: name,
  purpose,
}: (typeof PROGRAMS)[number]): Promise<string[]> {
  try {
    await runCommand(program, args)
    return []
  } catch {
    return [`${program}: it ${purpose} (Debian: apt-get install ${name})`]
  }
}
