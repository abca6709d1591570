/** Patterns in which `*` is any text, also none. Everything else stands for itself. */

/** Whether a text fits at least one of several patterns. */
export type Matcher = (text: string) => boolean

/** Makes the matcher of patterns. Its time does not depend on how many of them have no `*`. */
export function wildcardMatcher(patterns: readonly string[]): Matcher {
  const names = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const wild = patterns.filter((pattern) => pattern.includes('*')).map((one) => one.split('*'))
  return (text) => names.has(text) || wild.some((parts) => fits(text, parts))
}

/** Without a regular expression: one with many `*` takes exponential time. */
function fits(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop() ?? ''
  if (!text.startsWith(first) || text.length < first.length + last.length) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return text.endsWith(last)
}
