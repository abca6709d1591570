import type { QueueBudget } from '../../src/producer/queue-budget.ts'

/** Reserves room for one record like a push: at once, or in line for up to `timeoutMs`. */
export async function reserve(
  budget: QueueBudget,
  valueBytes: number,
  timeoutMs: number,
  recordBytes = 0,
): Promise<boolean> {
  const need = { valueBytes, recordBytes }
  if (budget.tryReserve(valueBytes, recordBytes)) return true
  if (budget.isHopeless(valueBytes, recordBytes)) return false
  const place = budget.standInLine(timeoutMs)
  while (place && !place.tryReserve(need)) {
    if (!(await place.waitFor(need))) return false
  }
  place?.leave()
  return place !== undefined
}
