/** The arguments of the scripts of this repository. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'

/** EX_USAGE of BSD's sysexits, as kprf itself has it. */
const USAGE_EXIT_CODE = 64

/** The values of the options, by name. */
export type OptionValues<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values']

/**
 * Parses the arguments of a script before it does anything: prints the usage for `--help` and `-h`, and with a wrong
 * argument what is wrong too, and ends the process then.
 */
export function scriptArguments<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
): OptionValues<Options> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    refuseArguments(error, usage)
  }
}

/** Prints what is wrong with the arguments of a script, and its usage, and ends the process. */
export function refuseArguments(error: unknown, usage: string): never {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  process.exit(USAGE_EXIT_CODE)
}
