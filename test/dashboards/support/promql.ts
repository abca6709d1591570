/** As much of PromQL as is needed to find the metrics that an expression reads. */

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'by', 'without', 'on', 'ignoring'])
const MATCHED_NAMES = /__name__=~"([^"]+)"/g

/** The names of metrics in an expression, and the regular expressions that stand for names. */
export function metricsIn(expr: string): {
  readonly names: readonly string[]
  readonly patterns: readonly RegExp[]
} {
  const patterns = [...expr.matchAll(MATCHED_NAMES)].map(
    ([, pattern = '']) => new RegExp(`^(?:${pattern})$`),
  )
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    // Lists of labels.
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
  const names = [...bare.matchAll(/[a-z_:][\w:]*(?!\w*\s*\()\b/gi)]
    .map(([name]) => name)
    // Letters after a digit are a unit, such as in `5m`.
    .filter((name) => name.includes('_') && !WORDS.has(name) && !bare.includes(`${name}(`))
  return { names: [...new Set(names)], patterns }
}
