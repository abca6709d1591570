import { describe, expect, it } from 'vitest'
import { parseCommandLine, readFlags } from '../../src/config/flags.ts'

describe('parseCommandLine', () => {
  it.each([
    [['--a.b=c'], '--a.b', 'a.b', 'c'],
    [['--a.b', 'c'], '--a.b', 'a.b', 'c'],
    [['--a.b', '-1'], '--a.b', 'a.b', '-1'],
    [['--a.b=c=d'], '--a.b', 'a.b', 'c=d'],
    [['--a.b=--c'], '--a.b', 'a.b', '--c'],
    [['--a.b='], '--a.b', 'a.b', ''],
    [['--a.b', ''], '--a.b', 'a.b', ''],
    [['--a.b'], '--a.b', 'a.b', undefined],
    [['-c', 'f'], '-c', 'config', 'f'],
    [['-c=f'], '-c', 'config', 'f'],
    [['-h'], '-h', 'help', undefined],
    [['-v'], '-v', 'version', undefined],
    [['-x'], '-x', '-x', undefined],
  ])('reads %j', (argv, written, name, value) => {
    expect(parseCommandLine(argv)).toEqual({ words: [], flags: [{ written, name, value }] })
  })

  it('does not take a flag for the value of another', () => {
    const { flags } = parseCommandLine(['--a', '--b', '-c', '-h'])

    expect(flags.map(({ value }) => value)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('tells words from flags and their values', () => {
    const { words, flags } = parseCommandLine(['config', '--a', 'b', 'check', '--help', 'd'])

    expect(words).toEqual(['config', 'check', 'd'])
    expect(flags.map(({ name }) => name)).toEqual(['a', 'help'])
  })
})

describe('readFlags', () => {
  it('takes the later of two', () => {
    const argv = ['--log_level=info', '-c', 'a', '--log_level', 'warn', '--config=b']
    const { found, problems, configFile } = readFlags(argv)

    expect(problems).toEqual([])
    expect(configFile).toBe('b')
    expect([...found]).toEqual([['log_level', { value: 'warn', origin: '--log_level' }]])
  })

  it('takes neither words nor switches for settings', () => {
    const { found, problems } = readFlags(['config', 'check', '--help', '-v'])

    expect([...found, ...problems]).toEqual([])
  })

  it.each([
    ['--kafka.broker=a', '--kafka.broker: unknown flag; did you mean --kafka.brokers?'],
    ['--brokers=a', '--brokers: unknown flag; did you mean --kafka.brokers?'],
    ['--bootstrap.servers=a', '--bootstrap.servers: unknown flag; did you mean --kafka.brokers?'],
    ['--linger.ms=5', '--linger.ms: unknown flag; did you mean --kafka.queue_buffering_max_ms?'],
    ['--log-level=info', '--log-level: unknown flag; did you mean --log_level?'],
    ['--confg=f', '--confg: unknown flag; did you mean --config?'],
    ['--hlp', '--hlp: unknown flag; did you mean --help?'],
    ['--kafka=a', '--kafka: unknown flag; kprf --help lists them all'],
    ['-x', '-x: unknown flag; kprf --help lists them all'],
    ['--', '--: unknown flag; kprf --help lists them all'],
    ['--__proto__=a', '--__proto__: unknown flag; kprf --help lists them all'],
    ['--http.port', '--http.port: needs a value, as in --http.port=VALUE'],
    ['-c', '-c: needs a value, as in -c=VALUE'],
  ])('refuses %s', (argument, line) => {
    expect(readFlags([argument]).problems.map((problem) => problem.line)).toEqual([line])
  })
})
