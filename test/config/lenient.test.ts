import { describe, expect, it } from 'vitest'
import { errorsWithBroker, loadWithBroker } from './sources.ts'

const EVERY_UNKNOWN_NAME = {
  file: 'kafka:\n  broker: x\n  properties: |\n    linger.mss=5\nhtpp:\n  port: 1\n',
  env: { KPRF_KAFKA_RETRYS: '1' },
  argv: ['--kafka.retires=1'],
}

describe('--lenient', () => {
  it.each([
    ['the flag', { ...EVERY_UNKNOWN_NAME, argv: ['--kafka.retires=1', '--lenient'] }],
    [
      'the variable',
      { ...EVERY_UNKNOWN_NAME, env: { ...EVERY_UNKNOWN_NAME.env, KPRF_LENIENT: 'True' } },
    ],
  ])('turns every unknown name into a warning: %s', (_, options) => {
    const { kafka, warnings } = loadWithBroker(options)

    expect(warnings).toEqual([
      'kafka: has an unknown key; did you mean kafka.brokers? (kprf.yaml:2:3); ignored',
      'the file: has an unknown key; did you mean http? (kprf.yaml:5:1); ignored',
      'kafka.properties: No such configuration property; did you mean linger.ms? (kprf.yaml:3, line 1 of the text); ignored',
      'KPRF_KAFKA_RETRYS: unknown variable; did you mean KPRF_KAFKA_RETRIES?; ignored',
      'argument 3: unknown flag; did you mean --kafka.retries?; ignored',
    ])
    expect(kafka.retries).toBe(3)
  })

  it('is off unless it is given: unknown names are errors', () => {
    expect(errorsWithBroker(EVERY_UNKNOWN_NAME)).toHaveLength(5)
    const env = { ...EVERY_UNKNOWN_NAME.env, KPRF_LENIENT: 'false' }
    expect(errorsWithBroker({ ...EVERY_UNKNOWN_NAME, env })).toHaveLength(5)
  })

  it('leaves wrong values and files errors', () => {
    const argv = ['--lenient', '--kafka.retries=x', '--kafka.queue_buffering_max_ms=2000']

    expect(errorsWithBroker({ file: 'http: 5', argv })).toHaveLength(3)
  })

  it('is true or false as a variable', () => {
    expect(errorsWithBroker({ env: { KPRF_LENIENT: 'yes' } })).toEqual([
      'KPRF_LENIENT: must be true or false',
    ])
    expect(errorsWithBroker({ env: { KPRF_LENIENT: '' } })).toEqual([])
  })
})
