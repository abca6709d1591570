/** Streams lines of one length to `/topics/t/ndjson`, as fast as the server reads them. */
import { once } from 'node:events'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'

/** Written at once. */
const PIECE_BYTES = 262_144

/** What is sent. */
export interface LineLoad {
  readonly port: number
  readonly query: string
  /** Without the line feed. */
  readonly line: string
  /** Ends the body after at least this number of lines. */
  readonly lines: number
}

/** Sends lines, and resolves with their number once kprf has answered that all are in Kafka. */
export async function streamLines({ port, query, line, lines }: LineLoad): Promise<number> {
  const linesPerPiece = Math.max(1, Math.floor(PIECE_BYTES / (line.length + 1)))
  const piece = Buffer.from(`${line}\n`.repeat(linesPerPiece))
  const sending = request({
    ...{ host: '127.0.0.1', port, path: `/topics/t/ndjson${query}`, method: 'POST' },
    headers: { 'Content-Type': 'application/x-ndjson' },
  })
  const responded = once(sending, 'response')
  let sent = 0
  for (; sent < lines; sent += linesPerPiece) {
    if (!sending.write(piece)) await Promise.race([once(sending, 'drain'), responded])
  }
  sending.end()
  const [response] = (await responded) as [AsyncIterable<Buffer>]
  const reply = (await json(response)) as { readonly produced?: number }
  if (reply.produced !== sent) throw new Error(`sent ${sent} lines: ${JSON.stringify(reply)}`)
  return sent
}
