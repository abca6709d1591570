/** As much of PromQL as is needed to find the metrics that an expression reads. */

const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset'])
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
  const names = [...bare.matchAll(/(?<![\w:.])([a-z_:][\w:]*)(\s*\()?/gi)]
    // What stands before a bracket is a function.
    .flatMap(([, name = '', bracket]) => (bracket === undefined && !WORDS.has(name) ? [name] : []))
  return { names: [...new Set(names)], patterns }
}
