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
    [['-cf'], '-c', 'config', 'f'],
    [['-c/etc/kprf=1.yml'], '-c', 'config', '/etc/kprf=1.yml'],
    [['-c', '/etc/kprf'], '-c', 'config', '/etc/kprf'],
    [['-V'], '-V', 'version', undefined],
    [['-h'], '-h', 'help', undefined],
    [['-v'], '-v', 'version', undefined],
    [['-x'], '-x', '-x', undefined],
  ])('reads %j', (argv, written, name, value) => {
    expect(parseCommandLine(argv)).toEqual({
      words: [],
      flags: [{ position: 1, written, name, value }],
    })
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
    const { found, errors, configFile } = readFlags(argv)

    expect(errors).toEqual([])
    expect(configFile).toBe('b')
    expect([...found]).toEqual([['log_level', { value: 'warn', origin: '--log_level' }]])
  })

  it('takes neither words nor switches for settings', () => {
    const { found, errors } = readFlags(['config', 'check', '--help', '-v'])

    expect([...found, ...errors]).toEqual([])
  })

  it.each([
    ['--kafka.broker=a', 'argument 1: unknown flag; did you mean --kafka.brokers?'],
    ['--brokers=a', 'argument 1: unknown flag; did you mean --kafka.brokers?'],
    ['--bootstrap.servers=a', 'argument 1: unknown flag; did you mean --kafka.brokers?'],
    ['--linger.ms=5', 'argument 1: unknown flag; did you mean --kafka.queue_buffering_max_ms?'],
    ['--log-level=info', 'argument 1: unknown flag; did you mean --log_level?'],
    ['--confg=f', 'argument 1: unknown flag; did you mean --config?'],
    ['--hlp', 'argument 1: unknown flag; did you mean --help?'],
    ['--topics=orders', 'argument 1: unknown flag; did you mean --topic?'],
    ['--kafka=a', 'argument 1: unknown flag; kprf --help lists them all'],
    ['-x', 'argument 1: unknown flag; kprf --help lists them all'],
    ['--', 'argument 1: unknown flag; kprf --help lists them all'],
    ['--__proto__=a', 'argument 1: unknown flag; kprf --help lists them all'],
    ['--http.port', '--http.port: needs a value, as in --http.port=VALUE'],
    ['-c', '-c: needs a value, as in -c=VALUE'],
  ])('refuses %s', (argument, line) => {
    expect(readFlags([argument]).errors.map((error) => error.message)).toEqual([line])
  })

  it('takes what begins with a dash for the value that a flag lacks, and does not repeat it', () => {
    const { found, errors } = readFlags(['--kafka.password', '-hunter2', '--log_level=warn'])

    expect([...found.keys()]).toEqual(['log_level'])
    expect(errors.map(({ message }) => message)).toEqual([
      '--kafka.password: needs a value, as in --kafka.password=VALUE, even if the value begins with a dash',
    ])
  })
})
