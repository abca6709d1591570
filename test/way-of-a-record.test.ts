import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

const page = readFileSync(join(root, 'docs/DESIGN.md'), 'utf8')
const [, table = ''] = page.split(/<!-- (?:the way of one record|end of the way) -->/)
const [, plainTable = ''] = page.split(/<!-- (?:the plain way|end of the plain way) -->/)
const stepsOf = (text: string): readonly { file: string; name: string }[] =>
  [...text.matchAll(/^\| `(?<file>src\/[^`]+)` +\| `(?<name>[^`]+)`/gm)].map(
    ([, file = '', name = '']) => ({ file, name }),
  )
const steps = stepsOf(table)
const plainSteps = stepsOf(plainTable)

describe('the way of one record in docs/DESIGN.md', () => {
  it.each([...steps, ...plainSteps])('names $name of $file, which is there', ({ file, name }) => {
    const text = readFileSync(join(root, file), 'utf8')

    expect(text).toMatch(
      new RegExp(`^(?:  |export )(?:override )?(?:async )?(?:function )?${name}\\b.*[(<]`, 'm'),
    )
  })

  it('passes at most 30 files, and returns to at most 5 that it has left', () => {
    const files = steps.map(({ file }) => file)
    const returns = files.filter(
      (file, step) => file !== files[step - 1] && files.slice(0, step).includes(file),
    )

    expect(plainSteps.length).toBeGreaterThan(5)
    expect(new Set(files).size).toBeGreaterThan(20)
    expect(new Set(files).size).toBeLessThanOrEqual(30)
    expect(returns.length).toBeLessThanOrEqual(5)
  })
})
