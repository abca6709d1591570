/** Levels of arrays and objects allowed in a body. A push has four; what goes deeper is an attack. */
export const MAX_JSON_DEPTH = 64

/** Whether a value has more than `levels` arrays or objects within each other, itself included. */
export function exceedsDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((child) => exceedsDepth(child, levels - 1))
}
