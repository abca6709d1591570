import type { Clock } from '../../src/base/clock.ts'

/** Makes a clock whose turns come one at a time. */
export function turnByTurn(): { readonly clock: Clock; readonly next: () => Promise<void> } {
  const tasks: (() => void)[] = []
  const schedule: Clock['schedule'] = (_delayMs, task) => {
    tasks.push(task)
    return () => undefined
  }
  const next = async (): Promise<void> => {
    tasks.shift()?.()
    await Promise.resolve()
  }
  return { clock: { nowMs: () => 0, epochMs: () => 0, schedule }, next }
}
