import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  checkConfig,
  explainFile,
  parseCommand,
  printConfig,
  versionText,
} from '../../src/cli/cli.ts'
import { completionScript, SHELLS } from '../../src/cli/completion.ts'
import { helpText } from '../../src/cli/help.ts'
import { STORAGE_COMMANDS } from '../../src/cli/storage-commands.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { sourcesOf } from '../config/sources.ts'

describe('parseCommand', () => {
  it.each([
    [['config', 'check', '--embedded-broker'], 'check'],
    [['config', 'check'], 'check'],
    [['config', 'check', '-c', 'f'], 'check'],
    [['--config', 'f', 'config', 'print'], 'print'],
    [['--help'], 'help'],
    [['nonsense', '--help'], 'help'],
    [['--version'], 'version'],
    [['-v'], 'version'],
    [['-V'], 'version'],
  ])('finds in %j the command %s', (argv, kind) => {
    expect(parseCommand(argv)).toEqual({ kind })
  })

  it.each([
    [['help'], undefined],
    [['config', 'print', '-h'], 'config print'],
    [['config', '--help'], 'config'],
    [['tail', '--help'], 'tail'],
    [['tail', 'orders', '--json', '-h'], 'tail'],
    [['help', 'help'], undefined],
    [['help', 'tail'], 'tail'],
    [['help', 'config'], 'config'],
    [['help', 'config', 'explain'], 'config explain'],
    [['help', 'completion'], 'completion'],
    [['--help', 'help', 'tail'], undefined],
  ])('finds in %j that the help is asked for, of %s', (argv, of) => {
    expect(parseCommand(argv)).toEqual({ kind: 'help', of })
  })

  it.each([
    [['doctor'], { topics: [], timeoutMs: 5_000, isJson: false }],
    [
      ['doctor', '--topic=a', '--topic', 'b', '--topic=a', '--timeout=0.5', '--json'],
      { topics: ['a', 'b'], timeoutMs: 500, isJson: true },
    ],
  ])('finds in %j that all is to be checked: %j', (argv, options) => {
    expect(parseCommand(argv)).toEqual({ kind: 'doctor', ...options })
  })

  it.each([
    [['doctor', 'orders'], 'kprf doctor: takes no further word'],
    [['doctor', '--topic='], '--topic: needs a value'],
    [['doctor', '--timeout=0'], '--timeout: needs a number of seconds'],
    [['doctor', '--timeout='], '--timeout: needs a number of seconds'],
    [['doctor', '--timeout=soon'], '--timeout: needs a number of seconds'],
    [['doctor', '--all'], '--all: works with'],
    [['health', '--timeout=1'], '--timeout: works with kprf doctor only'],
  ])('says what is wrong with %j: %s', (argv, message) => {
    expect(parseCommand(argv)).toEqual({
      kind: 'unknown',
      message: expect.stringContaining(message) as string,
    })
  })

  it.each([
    [['health'], false],
    [['health', '--ready', '-c', 'f'], true],
    [['health', '--embedded-broker', '--http.metrics_port=9000'], false],
  ])('finds in %j that a running kprf is asked, for readiness: %s', (argv, isReadiness) => {
    expect(parseCommand(argv)).toEqual({ kind: 'health', isReadiness })
  })

  it.each([
    [['wal', 'inspect', '-c', 'f'], { kind: 'wal inspect', isJson: false }],
    [['wal', 'verify', '/w', '--json'], { kind: 'wal verify', folder: '/w', isJson: true }],
    [['wal', 'repair', '--dry-run', '/w'], { kind: 'wal repair', folder: '/w', isDryRun: true }],
    [
      ['dead-letters', 'list', '--topic', 't'],
      { kind: 'dead-letters list', topic: 't', isJson: false },
    ],
    [
      ['dead-letters', 'replay', 'a', 'b'],
      { kind: 'dead-letters replay', selection: { ids: ['a', 'b'] } },
    ],
    [
      ['dead-letters', 'drop', '--all', '--yes'],
      { kind: 'dead-letters drop', selection: { ids: [] }, isConfirmed: true },
    ],
    [
      ['dead-letters', 'drop', '--topic=t'],
      { kind: 'dead-letters drop', selection: { ids: [], topic: 't' }, isConfirmed: false },
    ],
  ])('finds in %j what to do with a write-ahead log', (argv, command) => {
    expect(parseCommand(argv)).toEqual(command)
  })

  it.each(SHELLS)('finds the shell to complete for: %s', (shell) => {
    expect(parseCommand(['completion', shell])).toEqual({ kind: 'completion', shell })
  })

  it.each([
    [[], false],
    [['--config=f'], false],
    [['-c', 'f', '--kafka.retries', '5'], false],
    [['--confg', 'f'], false],
    [['--embedded-broker'], true],
    [['--embedded-broker', '--http.port', '0'], true],
  ])('finds in %j that it is to serve, with a broker of its own: %s', (argv, isBrokerEmbedded) => {
    expect(parseCommand(argv)).toEqual({ kind: 'run', isBrokerEmbedded })
  })

  it.each([
    [['tail', 'orders'], { topic: 'orders', fromBeginning: false, isJson: false }],
    [['tail', '--json', 'orders'], { topic: 'orders', fromBeginning: false, isJson: true }],
    [
      ['tail', 'orders', '--from-beginning', '-c', 'f'],
      { topic: 'orders', fromBeginning: true, isJson: false },
    ],
  ])('finds in %j which topic to print', (argv, options) => {
    expect(parseCommand(argv)).toEqual({ kind: 'tail', ...options })
  })

  it.each([
    [['config', 'explain', '--properties', 'f']],
    [['config', 'explain', '--properties=e', '--properties=f']],
  ])('finds in %j which properties to explain', (argv) => {
    expect(parseCommand(argv)).toEqual({ kind: 'explain', file: 'f' })
  })

  it.each([
    [
      ['--json'],
      '--json: works with kprf tail, kprf doctor, kprf wal inspect, kprf wal verify, kprf dead-letters list only',
    ],
    [['tail', 't', '--yes'], '--yes: works with kprf dead-letters drop only'],
    [['wal', 'verify', '--dry-run'], '--dry-run: works with kprf wal repair only'],
    [['wal'], 'kprf wal: inspect, verify or repair is missing, as in kprf wal inspect'],
    [['wal', 'inspct'], 'unknown command; did you mean kprf wal inspect?'],
    [['wal', 'verify', 'a', 'b'], 'kprf wal verify: takes one folder'],
    [
      ['dead-letters'],
      'kprf dead-letters: list, replay or drop is missing, as in kprf dead-letters list',
    ],
    [
      ['dead-letters', 'list', '/wal'],
      'kprf dead-letters list: takes no further word; the folder is given as --wal.dir=FOLDER',
    ],
    [['dead-letters', 'list', '--topic='], '--topic: needs a value, as in --topic=orders'],
    [
      ['dead-letters', 'drop', '--yes'],
      'kprf dead-letters drop: needs one of ids (kprf dead-letters list shows them), --topic=TOPIC and --all',
    ],
    [
      ['dead-letters', 'replay', '--all', '--topic', 't'],
      'kprf dead-letters replay: needs one of ids (kprf dead-letters list shows them), --topic=TOPIC and --all',
    ],
    [['config', 'check', '--from-beginning'], '--from-beginning: works with kprf tail only'],
    [
      ['tail', 't', '--embedded-broker'],
      '--embedded-broker: works with kprf without a command only',
    ],
    [['--properties=f'], '--properties: works with kprf config explain only'],
    [['config', 'explain'], 'kprf config explain: needs --properties=FILE'],
    [['config', 'explain', '--properties='], 'kprf config explain: needs --properties=FILE'],
    [['config', 'explian'], 'unknown command; did you mean kprf config explain?'],
    [['tail'], 'kprf tail: the topic is missing, as in kprf tail orders'],
    [['tail', '--json'], 'kprf tail: the topic is missing, as in kprf tail orders'],
    [['tail', 'a', 'b'], 'kprf tail: takes one topic'],
    [['health', 'now'], 'kprf health: takes no further word; --ready asks for readiness'],
    [['--ready'], '--ready: works with kprf health only'],
    [['helth'], 'unknown command; did you mean kprf health?'],
    [['completion'], 'kprf completion: needs bash, zsh or fish'],
    [['completion', 'csh'], 'kprf completion: needs bash, zsh or fish'],
    [['help', 'nonsense'], 'unknown command; see kprf --help'],
    [['confg', 'check'], 'unknown command; did you mean kprf config check?'],
    [['config', 'prin'], 'unknown command; did you mean kprf config print?'],
    [['config'], 'kprf config: check, print or explain is missing, as in kprf config check'],
    [['serve'], 'unknown command; see kprf --help'],
    [
      ['config', 'check', 'f.yaml'],
      'kprf config check: takes no further word; a file is given as --config=FILE',
    ],
    [
      ['config', 'explain', 'f.properties'],
      'kprf config explain: takes no further word; a file is given as --properties=FILE',
    ],
  ])('does not know %j', (argv, message) => {
    expect(parseCommand(argv)).toEqual({ kind: 'unknown', message })
  })
})

describe('kprf config check', () => {
  it('says ok', () => {
    const sources = sourcesOf({ argv: ['config', 'check', '--kafka.brokers=k'] })

    expect(checkConfig(sources)).toEqual({ text: 'ok\n', exitCode: 0 })
  })

  it('says what is wrong, a line each, with exit code 78', () => {
    const sources = sourcesOf({ argv: ['--kafka.brokers=k', '--log_level=x', '--nonsense=y'] })

    expect(checkConfig(sources)).toEqual({
      text:
        'argument 3: unknown flag; kprf --help lists them all\n' +
        'log_level: must be one of error, warn, info, debug (--log_level)\n',
      exitCode: 78,
    })
  })

  it('reads the files of secrets of webhooks', () => {
    const verify = { scheme: 'github', secret_file: '/nowhere' }
    const webhooks = JSON.stringify([{ path: '/a', topic: 't', verify }])

    expect(
      checkConfig(sourcesOf({ argv: ['--kafka.brokers=k', `--http.webhooks=${webhooks}`] })),
    ).toEqual({
      text: 'http.webhooks[0].verify.secret_file: cannot use "/nowhere": ENOENT: no such file or directory\n',
      exitCode: 78,
    })
  })

  it('reads the files that the configuration names', () => {
    const argv = ['--kafka.brokers=k', '--kafka.security_protocol=ssl']

    expect(checkConfig(sourcesOf({ argv: [...argv, '--kafka.ssl.ca_file=/nowhere'] }))).toEqual({
      text: expect.stringMatching(
        /^kafka\.ssl\.ca_file: cannot read "\/nowhere": ENOENT.*\n$/,
      ) as string,
      exitCode: 78,
    })
  })

  it.each([
    ['/nowhere/kprf.log', 'cannot write to "/nowhere/kprf.log": ENOENT: no such file or directory'],
    ['/', 'cannot write to "/": EISDIR: illegal operation on a directory'],
    ['/dev/null/kprf.log', 'cannot write to "/dev/null/kprf.log": ENOTDIR: not a directory'],
  ])('says that the log cannot be written to %s', (path, message) => {
    const argv = ['--kafka.brokers=k', `--output_file=${path}`]

    expect(checkConfig(sourcesOf({ argv }))).toEqual({
      text: `output_file: ${message}\n`,
      exitCode: 78,
    })
  })

  it('creates no log', () => {
    const path = join(import.meta.dirname, 'never-made.log')

    expect(
      checkConfig(sourcesOf({ argv: ['--kafka.brokers=k', `--output_file=${path}`] })),
    ).toEqual({ text: 'ok\n', exitCode: 0 })
    expect(existsSync(path)).toBe(false)
  })

  it.each([['/dev/stdout'], ['/dev/stderr'], ['/dev/null']])('takes the log %s', (path) => {
    const argv = ['--kafka.brokers=k', `--output_file=${path}`]

    expect(checkConfig(sourcesOf({ argv })).text).toBe('ok\n')
  })

  it('does not take a bug for a mistake of the user', () => {
    const sources = {
      ...sourcesOf({}),
      get env(): NodeJS.ProcessEnv {
        throw new Error('a bug')
      },
    }

    expect(() => checkConfig(sources)).toThrow('a bug')
  })
})

describe('kprf config check with what is worth a warning', () => {
  it('warns before it says ok', () => {
    const argv = ['--kafka.brokers=k', '--kafka.properties.client.rack=r']

    expect(checkConfig(sourcesOf({ argv }))).toEqual({
      text: 'warning: kafka.properties.client.rack: has no effect: only consumers use a rack, to read from the nearest replica (--kafka.properties.client.rack)\nok\n',
      exitCode: 0,
    })
  })
})

describe('kprf config explain', () => {
  it('explains a file with exit code 0 where kprf would start with it', () => {
    const sources = sourcesOf({ files: { f: 'client.id=me\n' } })

    expect(explainFile('f', sources)).toEqual({
      text: '1: client.id=me  works as kafka.client_id (done by kafkajs): Name of kprf in the logs, metrics and quotas of Kafka.\n',
      exitCode: 0,
    })
  })

  it('ends with 78 where kprf would not', () => {
    const { exitCode } = explainFile('f', sourcesOf({ files: { f: 'group.id=x' } }))

    expect(exitCode).toBe(78)
  })

  it('says why it cannot read the file', () => {
    expect(explainFile('f', sourcesOf({}))).toEqual({
      text: 'f: cannot read the file: ENOENT: no such file or directory\n',
      exitCode: 78,
    })
  })
})

describe('kprf config print', () => {
  it('prints the settings in effect', () => {
    const { text, exitCode } = printConfig(sourcesOf({ argv: ['--kafka.brokers=k'] }))

    expect(exitCode).toBe(0)
    expect(text).toContain('kafka:\n  brokers: [ k:9092 ] # --kafka.brokers\n')
  })

  it('says what is wrong with exit code 78', () => {
    const { text, exitCode } = printConfig(sourcesOf({}))

    expect(exitCode).toBe(78)
    expect(text).toMatch(/^kafka\.brokers is empty.*\n$/)
  })
})

describe('kprf --help', () => {
  it('shows the commands and every key with its default and variable', () => {
    const help = helpText()

    expect(help).toContain('kprf config check')
    expect(help).toContain('kprf config print')
    expect(help).toContain(
      '  --kafka.brokers=  [KPRF_KAFKA_BROKERS]\n      Brokers to contact first; they name the others.\n',
    )
    expect(help).toContain('  --kafka.retries=3  [KPRF_KAFKA_RETRIES]\n')
    expect(help).toContain('Form of the replies of /push.\n      One of readme, rust.\n')
    for (const { key, variable } of SETTINGS) {
      expect(help).toMatch(new RegExp(`^ {2}--${key}=.* {2}\\[${variable}\\]$`, 'm'))
    }
  })

  it('has examples and the exit codes', () => {
    expect(helpText()).toMatch(/^Examples:\n {2}kprf /m)
    // A terminal shows no links of Markdown.
    expect(helpText()).toContain('by OTLP over HTTP (HTTP-API.md).')
    expect(helpText()).not.toContain('](')
    expect(helpText()).toMatch(
      /^Exit codes:\n {2}0 .*\n {2}1 .*\n {2}64 .*\n {2}65 .*\n {2}75 .*\n {2}78 /m,
    )
  })

  it('is that of kprf for what has none of its own', () => {
    expect(helpText('nonsense')).toBe(helpText())
  })

  const commands = [
    ...['config', 'config check', 'config print', 'config explain', 'tail'],
    ...['health', 'doctor', 'wal', 'dead-letters', ...STORAGE_COMMANDS],
  ]

  it.each([...commands, 'completion'])('has its own usage of kprf %s', (command) => {
    expect(helpText(command)).toContain(`Usage: kprf ${command} `)
    expect(helpText(command)).not.toBe(helpText())
  })

  it.each(['', ...commands])('fits a terminal that is 120 columns wide: %s', (command) => {
    const lengths = helpText(command)
      .split('\n')
      .map((line) => line.length)

    expect(Math.max(...lengths)).toBeLessThanOrEqual(120)
  })
})

describe('kprf completion', () => {
  it.each(SHELLS)('completes every command, key and supported property in %s', (shell) => {
    const script = completionScript(shell)
    const dashes = shell === 'fish' ? '-l ' : '--'
    const keys = [...SETTINGS.map(({ key }) => key), 'kafka.properties.acks']

    expect(script).toContain(
      'config check print explain tail health doctor wal inspect verify repair dead-letters list replay drop token new hash completion help',
    )
    for (const key of keys) expect(script).toMatch(new RegExp(` ${dashes}${key}[ '\\n]`))
    expect(script).not.toContain('kafka.properties.group.id')
  })

  it('is a script that bash takes', () => {
    const script = `${completionScript('bash')}complete -p kprf`

    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toContain('--kafka.retries ')
  })
})

describe('kprf --version', () => {
  it.each([
    ['unknown', 'kprf 1.2.3\n'],
    ['abc123', 'kprf 1.2.3 (abc123)\n'],
  ])('shows the version, and the commit if it is known: %s', (commitHash, text) => {
    expect(versionText({ version: '1.2.3', commitHash })).toBe(text)
  })
})
