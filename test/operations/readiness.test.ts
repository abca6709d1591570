import { describe, expect, test } from 'vitest'
import {
  assessReadiness,
  makeChecks,
  memoryCheck,
  type ReadinessCheck,
} from '../../src/operations/readiness.ts'

const passing = (name: string): ReadinessCheck => ({ name, check: () => undefined })
const failing = (name: string, problem: string): ReadinessCheck => ({ name, check: () => problem })

const plain = { isVerbose: false, excluded: [] }
const verbose = { isVerbose: true, excluded: [] }

describe('memoryCheck', () => {
  test.each([
    [94, undefined],
    [95, 'records hold 95 % of the memory allowed for them'],
  ])('decides at 95 %% of the bound: %i', (usedBytes, expected) => {
    expect(memoryCheck(100, () => usedBytes).check()).toBe(expected)
  })
})

describe('assessReadiness', () => {
  test('says ok in one word when every check passes', () => {
    const readiness = assessReadiness(makeChecks([passing('kafka'), passing('queue')]), plain)

    expect(readiness).toEqual({ isReady: true, text: 'ok\n' })
  })

  test('says ok when there is nothing to check', () => {
    expect(assessReadiness(makeChecks([]), plain)).toEqual({ isReady: true, text: 'ok\n' })
  })

  test('lists the checks when asked', () => {
    const readiness = assessReadiness(makeChecks([passing('kafka'), passing('queue')]), verbose)

    expect(readiness).toEqual({
      isReady: true,
      text: '[+]kafka ok\n[+]queue ok\nreadyz check passed\n',
    })
  })

  test.each([plain, verbose])('lists the checks when one fails, with its reason', (query) => {
    const checks = [failing('kafka', 'no broker answers'), passing('queue')]

    expect(assessReadiness(makeChecks(checks), query)).toEqual({
      isReady: false,
      text: '[-]kafka failed: no broker answers\n[+]queue ok\nreadyz check failed\n',
    })
  })

  test('does not count a check that is excluded', () => {
    const checks = [failing('kafka', 'no broker answers'), passing('queue')]

    expect(
      assessReadiness(makeChecks(checks), { isVerbose: true, excluded: ['kafka', 'nonsense'] }),
    ).toEqual({
      isReady: true,
      text: '[+]kafka excluded: ok\n[+]queue ok\nreadyz check passed\n',
    })
  })

  test('counts a check that throws as failed', () => {
    const check = (): undefined => {
      throw new Error('no')
    }

    expect(assessReadiness(makeChecks([{ name: 'kafka', check }]), plain)).toEqual({
      isReady: false,
      text: '[-]kafka failed: the check threw Error: no\nreadyz check failed\n',
    })
  })
})
