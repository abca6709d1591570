import { describe, expect, it } from 'vitest'
import { runStep } from '../../../src/cli/doctor/doctor.ts'
import { Findings } from '../../../src/cli/doctor/finding.ts'
import { Report } from '../../../src/cli/doctor/report.ts'
import { maskerOf } from '../../../src/base/quotable.ts'

const build = { version: '1.2.3', commitHash: 'abc' }

function reported(isJson: boolean, isTTY: boolean, use: (report: Report) => void): string[] {
  const written: string[] = []
  const write = (text: string): void => void written.push(text)
  use(new Report({ isJson, build, write, progress: { isTTY, write } }))
  return written
}

describe('a report', () => {
  it('has a line for each finding, below it what to do, and counts them', () => {
    const text = reported(false, false, (report) => {
      report.checking('orders')
      report.add([new Findings('topic', 'orders').ok('works')])
      report.add([new Findings('clock').warning('late', 'set it')])
      report.end()
    }).join('')

    expect(text).toBe(
      'ok       topic         orders: works\n' +
        'warning  clock         late\n' +
        '         -> set it\n' +
        '0 problems, 1 warning, 1 ok, 0 skipped\n',
    )
  })

  it('shows on a terminal what is checked, and takes the line back', () => {
    const text = reported(false, true, (report) => {
      report.checking('orders')
      report.add([new Findings('topic').ok('works')])
    })

    expect(text.slice(0, 2)).toEqual(['\r\u001B[Kchecking orders ...', '\r\u001B[K'])
  })

  it('masks secrets, and takes what would control the terminal out of names', () => {
    const [line] = reported(false, false, (report) => {
      report.maskWith(maskerOf(['hunter22']))
      report.add([new Findings('tls', 'a').problem('CN=\u001B[2Jx hunter22', 'not hunter22')])
    })

    expect(line).toBe('problem  tls           a: CN= [2Jx ********\n         -> not ********\n')
  })

  it('masks and cleans the names of checks too, which brokers choose when they advertise addresses', () => {
    const text = reported(false, true, (report) => {
      report.maskWith(maskerOf(['hunter22']))
      report.checking('a\u001B[2J:9092')
      report.end(['b\u001B]0;x\u0007:9092', 'hunter22:1'])
    })

    expect(text[0]).toBe('\r\u001B[Kchecking a [2J:9092 ...')
    expect(text.at(-1)).toMatch(/^stopped; not checked: b \]0;x :9092, \*{8}:1\n/)
  })

  it('is one JSON document, which says whether all was checked', () => {
    const written = reported(true, false, (report) => {
      report.add([new Findings('topic', 'orders').problem('gone', 'create it')])
      expect(report.hasProblem).toBe(true)
      report.end(['the disk'])
    })

    expect(written).toHaveLength(1)
    expect(JSON.parse(written[0] ?? '')).toEqual({
      kprf: { version: '1.2.3', commit: 'abc' },
      ...{ status: 'problem', is_complete: false },
      counts: { problem: 1, warning: 0, ok: 0, skipped: 0 },
      findings: [
        {
          ...{ check: 'topic', subject: 'orders', status: 'problem' },
          ...{ text: 'gone', advice: 'create it' },
        },
      ],
    })
  })
})

describe('a step', () => {
  it('that fails or does not end is a problem of its own', async () => {
    const failed = await runStep({ label: 'x', run: () => Promise.reject(new Error('no')) }, 1_000)
    const silent = await runStep({ label: 'y', run: () => new Promise(() => undefined) }, 1)

    expect(failed).toMatchObject([
      { check: 'doctor', subject: 'x', status: 'problem', text: 'the check has failed: no' },
    ])
    expect(failed[0]?.advice).toMatch(/^see to what the error says/)
    expect(silent).toMatchObject([{ check: 'doctor', subject: 'y', status: 'problem' }])
    expect(silent[0]?.advice).toBe('try again, with a longer --timeout')
  })
})
