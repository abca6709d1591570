import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MUTANTS } from './mutants.ts'

test.each(MUTANTS.map((mutant) => [mutant.title, mutant] as const))(
  'the rule whose loss is "%s" is where its mutant expects it',
  (_, { edits }) => {
    const occurrences = edits.map(
      ({ file, find }) =>
        readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(find).length - 1,
    )

    expect(occurrences).toEqual(edits.map(() => 1))
  },
)

test('docs/MUTANTS.md tells of every mutant, and that each was noticed', () => {
  const page = readFileSync(new URL('../../docs/MUTANTS.md', import.meta.url), 'utf8')
  const rows = page.split('\n').filter((line) => /^\| [\da-z]/.test(line))
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))

  expect(cells.map(([, , title]) => title)).toEqual(MUTANTS.map(({ title }) => title))
  const unnoticed = cells.filter(
    ([, , , tests, schedules]) =>
      !/^\d+$/.test(schedules ?? '') || (tests === 'none' && schedules === '0'),
  )
  expect(unnoticed).toEqual([])
})
