import { expect, it } from 'vitest'
import { besideFigure, type Contender, type Turn } from '../../bench/measures/beside.ts'

const turn = (requestsPerSecond: number, cpuPerRecordUs: number, lost = 0): Turn => ({
  ...{ requestsPerSecond, cpuPerRecordUs },
  ...{ accepted: 1_000, stored: 1_000 - lost },
})
const contender = (name: string, ...turns: Turn[]): Contender => ({
  ...{ name, turns, residentBytes: 104_857_600 },
})
const target = { minSpeedup: 1.5, maxCpuRatio: 1 }
const other = contender('rust', turn(100, 50), turn(200, 50), turn(400, 50))

it('servers are compared by the runs of the same round', () => {
  const kprf = contender('kprf', turn(150, 50), turn(320, 60), turn(1_200, 25))

  expect(besideFigure('pushes', kprf, other, target)).toMatchObject({
    name: 'pushes, beside rust',
    measured:
      '320 requests a second against 200: 1.60 x (1.50 to 3.00); ' +
      'CPU of a record 50.0 µs against 50.0: 1.00 x (0.50 to 1.20); memory 100 MiB against 100 MiB',
    target: '>= 1.5 x, CPU <= 1 x',
    isReached: true,
    values: { speedup: 1.6, cpuRatio: 1, lost: 0 },
  })
})

it('a target is missed by too few requests, or by too much processor time', () => {
  const slow = contender('kprf', turn(149, 10), turn(298, 10), turn(596, 10))
  const dear = contender('kprf', turn(500, 51), turn(500, 51), turn(1_000, 51))

  expect(besideFigure('', slow, other, target).isReached).toBe(false)
  expect(besideFigure('', dear, other, target).isReached).toBe(false)
  expect(besideFigure('', dear, other, { ...target, maxCpuRatio: undefined })).toMatchObject({
    ...{ target: '>= 1.5 x', isReached: true },
  })
})

it('processor time that is not known is said to be so, and reaches no target', () => {
  const far = { ...contender('far', turn(100, NaN)), residentBytes: undefined }
  const kprf = contender('kprf', turn(200, 20))
  const figure = besideFigure('', kprf, far, target)

  expect(figure.isReached).toBeUndefined()
  expect(figure.measured).toContain('CPU of far not known; memory 100 MiB against not known')
  expect(besideFigure('', kprf, far, { ...target, maxCpuRatio: undefined }).isReached).toBe(true)
})

it('records that the other server accepted and the brokers do not have are counted', () => {
  const leaky = contender('leaky', turn(100, 50), turn(100, 50, 30))
  const figure = besideFigure('', contender('kprf', turn(200, 20), turn(200, 20)), leaky, target)

  expect(figure.measured).toContain('leaky lost 30 of 2000 accepted records')
  expect(figure.values).toMatchObject({ accepted: 2_000, lost: 30 })
})

it('records that the brokers have beyond the accepted ones are counted', () => {
  const twice = contender('twice', turn(100, 50), turn(100, 50, -7))
  const kprf = contender('kprf', turn(200, 20), turn(200, 20))
  const { measured } = besideFigure('', kprf, twice, target)

  expect(measured).toContain('twice stored 7 records more than it accepted')
})
