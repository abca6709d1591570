import type { ServedEdge } from './http-edge.ts'
import type { RawResponse } from './raw-client.ts'

/** Sends a GET request on its own connection. @param lines - further header lines, each with its end. */
export async function get(
  edge: Pick<ServedEdge, 'connect'>,
  target: string,
  lines = '',
): Promise<RawResponse> {
  return await edge
    .connect()
    .write(`GET ${target} HTTP/1.1\r\nHost: kprf.test\r\n${lines}\r\n`)
    .response()
}
