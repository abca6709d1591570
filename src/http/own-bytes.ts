/** Copies a small piece to memory of its own: otherwise a few bytes would keep the whole read buffer alive. */
export function ownBytes(piece: Buffer): Buffer {
  if (piece.length * 2 >= piece.buffer.byteLength) return piece
  const own = Buffer.allocUnsafeSlow(piece.length)
  own.set(piece)
  return own
}
