/** Streams records to the API v3 of the Confluent REST Proxy, and reads the receipts. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'

/** Written at once. */
const PIECE_BYTES = 262_144
const DELIVERED = '{"error_code":200,'

/** What is sent. */
export interface RecordLoad {
  readonly port: number
  /** One record in JSON. */
  readonly record: string
  /** Ends the body after at least this number of records. */
  readonly records: number
}

/** Sends records, and resolves with their number once each has a receipt that says where it is. */
export async function streamRecords({ port, record, records }: RecordLoad): Promise<number> {
  const recordsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / record.length))
  const piece = Buffer.from(record.repeat(recordsPerPiece))
  const sending = request({
    ...{ host: '127.0.0.1', port, path: '/v3/clusters/c/topics/t/records', method: 'POST' },
    headers: { 'Content-Type': 'application/json' },
  })
  const counting = once(sending, 'response').then(async ([response]) =>
    countDelivered(response as IncomingMessage),
  )
  let sent = 0
  for (; sent < records; sent += recordsPerPiece) {
    if (!sending.write(piece)) await Promise.race([once(sending, 'drain'), counting])
  }
  sending.end()
  const delivered = await counting
  if (delivered !== sent) throw new Error(`sent ${sent} records, ${delivered} are delivered`)
  return sent
}

async function countDelivered(response: IncomingMessage): Promise<number> {
  let count = 0
  let rest = ''
  for await (const piece of response.setEncoding('latin1')) {
    const text = rest + String(piece)
    const lines = text.split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith(DELIVERED)) count += 1
  }
  return count
}
