/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), which covers a record batch from its attributes on. Slicing by
 * eight: with one table per byte position the loop handles eight bytes per iteration. The producer has its own
 * implementation: with the producer's code the broker would not notice its mistakes.
 */

const REVERSED_POLYNOMIAL = 0x82f63b78

function nextTable(previous: Int32Array, first: Int32Array): Int32Array {
  return previous.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0))
}

function firstTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ REVERSED_POLYNOMIAL
    }
    return crc
  })
}

/** All eight tables in one array: table `k` starts at `k * 256`. */
function slicingTables(): Int32Array {
  const first = firstTable()
  const tables = new Int32Array(8 * 256)
  let table = first
  for (let position = 0; position < 8; position += 1) {
    tables.set(table, position * 256)
    table = nextTable(table, first)
  }
  return tables
}

const TABLES = slicingTables()

function entry(position: number, byte: number): number {
  return TABLES[position * 256 + (byte & 0xff)] ?? 0
}

/** The CRC-32C of the bytes, as an unsigned 32-bit number. */
export function crc32c(bytes: Buffer): number {
  let crc = -1
  let offset = 0
  for (const end = bytes.length - 7; offset < end; offset += 8) {
    const low = crc ^ bytes.readInt32LE(offset)
    const high = bytes.readInt32LE(offset + 4)
    crc =
      entry(7, low) ^
      entry(6, low >>> 8) ^
      entry(5, low >>> 16) ^
      entry(4, low >>> 24) ^
      entry(3, high) ^
      entry(2, high >>> 8) ^
      entry(1, high >>> 16) ^
      entry(0, high >>> 24)
  }
  for (; offset < bytes.length; offset += 1) {
    crc = (crc >>> 8) ^ entry(0, crc ^ bytes.readUInt8(offset))
  }
  return ~crc >>> 0
}
