/** Writes server-sent events. */

/** One event. JSON has no line breaks outside its strings, so that it is one line. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A line without a meaning: writing it shows whether the client is still there. */
export const SIGN_OF_LIFE = ':\n\n'
