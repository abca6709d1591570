/** Runs `kprf doctor` with the streams and signals of the process. */
import type { BuildInfo } from '../../base/build-info.ts'
import { systemClock } from '../../base/clock.ts'
import { EXIT_CODES } from '../../base/exit-codes.ts'
import { maskerOf } from '../../base/quotable.ts'
import type { ConfigSources } from '../../config/resolve.ts'
import { secretsOf } from '../../config/secrets.ts'
import { Prober } from '../../producer/kafkajs/probe/prober.ts'
import { transportSettings } from '../../settings/kafka.ts'
import { codeOf } from '../../wal/storage.ts'
import type { DoctorOptions } from '../doctor-options.ts'
import { checkConfiguration } from './configuration.ts'
import { type DoctorParts, doctorSteps, runStep } from './doctor.ts'
import { machineNetwork } from './network.ts'
import { MACHINE_PORTS } from './ports.ts'
import { Report } from './report.ts'

/** Runs all checks. @returns the exit code. */
export async function runDoctor(
  { topics, timeoutMs, isJson }: DoctorOptions,
  sources: ConfigSources,
  build: BuildInfo,
): Promise<number> {
  const write = (text: string): boolean => process.stdout.write(text)
  process.stdout.on('error', (error) => {
    // Whoever read the findings has seen enough of them; what was not written cannot be called right.
    if (codeOf(error) === 'EPIPE') process.exit(EXIT_CODES.failed)
    throw error
  })
  const report = new Report({ isJson, build, write, progress: process.stderr })
  const { findings, config } = checkConfiguration(sources)
  if (config !== undefined) report.maskWith(maskerOf(secretsOf(config)))
  report.add(findings)
  if (config === undefined) {
    report.end()
    await written()
    return EXIT_CODES.config
  }
  const settings = transportSettings(config)
  const clock = systemClock
  const prober = new Prober(settings, { clock, random: Math.random, timeoutMs })
  try {
    return await runSteps(report, {
      ...{ config, build, topics, clock, timeoutMs, prober },
      ...{ network: machineNetwork(settings.socket.family, settings.ssl), ports: MACHINE_PORTS },
      ...{ hasTls: settings.ssl !== undefined, sasl: settings.sasl },
      clientCertificate: settings.ssl?.cert,
    })
  } finally {
    prober.close()
    await written()
  }
}

/** The process exits next, and a pipe takes no more than 64 KiB before somebody reads it. */
async function written(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stdout.write('', () => {
      resolve()
    })
  })
}

/** Runs the steps until the user stops them. */
async function runSteps(report: Report, parts: DoctorParts): Promise<number> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>()
  const onSignal = (): void => {
    stop(undefined)
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  const steps = doctorSteps(parts)
  for (const step of steps) {
    report.checking(step.label)
    const findings = await Promise.race([runStep(step, parts.timeoutMs), stopped])
    if (findings === undefined) {
      report.end([step.label, ...[...steps].map(({ label }) => label)])
      return EXIT_CODES.failed
    }
    report.add(findings)
  }
  report.end()
  return report.hasProblem ? EXIT_CODES.failed : EXIT_CODES.ok
}
