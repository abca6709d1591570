/** The media type of a stream of server-sent events. */
export const EVENT_STREAM_TYPE = 'text/event-stream; charset=utf-8'

/** One event with data. @param data - anything that JSON can say. */
export function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
