/** Times as texts (RFC 3339). Pure. */

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

/** Whether a text is a time that exists. */
export function isDateTime(text: string): boolean {
  const [, year = '', month = '', day = ''] = DATE_TIME.exec(text) ?? []
  if (year === '') return false
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  // Date takes February 30 for a day in March.
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
}
