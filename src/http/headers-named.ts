/**
 * Returns the headers whose names match, as one text: what they mean to a request that repeats another.
 *
 * @param rawHeaders - names and values, alternating.
 */
export function headersNamed(rawHeaders: readonly string[], names: RegExp): string {
  return rawHeaders.filter((_, at) => names.test(rawHeaders[at - (at % 2)] ?? '')).join('\n')
}
