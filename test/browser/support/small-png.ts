/**
 * Writes a PNG of Chromium, 8 bits for each of red, green, blue and perhaps alpha, with a palette: a page has few
 * colours, and its picture then has a third of the bytes.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
const PALETTE_SIZE = 256

interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green and blue of each pixel, row by row. */
  readonly colours: Uint32Array
}

/** The same picture in fewer bytes; colours beyond the most frequent 256 become the nearest of them. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, colours } = read(png)
  const palette = paletteOf(colours)
  const indexes = new Map<number, number>(palette.map((colour, index) => [colour, index]))
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colours[y * width + x] ?? 0
      let index = indexes.get(colour)
      if (index === undefined) indexes.set(colour, (index = nearest(palette, colour)))
      rows[y * (width + 1) + x + 1] = index
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // 8 bits, indexes into a palette.
  head.set([8, 3, 0, 0, 0], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.flatMap(partsOf))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function read(png: Buffer): Pixels {
  const parts: Buffer[] = []
  let [width, height, bytes] = [0, 0, 0]
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      ;[width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)]
      bytes = data[9] === 6 ? 4 : 3
    } else if (type === 'IDAT') parts.push(data)
    at += 12 + length
  }
  return {
    width,
    height,
    colours: coloursOf(inflateSync(Buffer.concat(parts)), width, height, bytes),
  }
}

/** Undoes the filter of each row (PNG, chapter 9). */
function coloursOf(data: Buffer, width: number, height: number, bytes: number): Uint32Array {
  const colours = new Uint32Array(width * height)
  const length = width * bytes
  let above = Buffer.alloc(length)
  for (let y = 0; y < height; y += 1) {
    const start = y * (length + 1)
    const row = Buffer.from(data.subarray(start + 1, start + 1 + length))
    for (let x = 0; x < length; x += 1) {
      const left = x < bytes ? 0 : (row[x - bytes] ?? 0)
      const up = above[x] ?? 0
      const corner = x < bytes ? 0 : (above[x - bytes] ?? 0)
      row[x] = ((row[x] ?? 0) + predicted(data[start] ?? 0, left, up, corner)) & 255
    }
    for (let x = 0; x < width; x += 1) colours[y * width + x] = row.readUIntBE(x * bytes, 3)
    above = row
  }
  return colours
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4: {
      const estimate = left + up - corner
      const byLeft = Math.abs(estimate - left)
      const byUp = Math.abs(estimate - up)
      const byCorner = Math.abs(estimate - corner)
      if (byLeft <= byUp && byLeft <= byCorner) return left
      return byUp <= byCorner ? up : corner
    }
    default:
      return 0
  }
}

function paletteOf(colours: Uint32Array): number[] {
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, PALETTE_SIZE)
    .map(([colour]) => colour)
}

function nearest(palette: readonly number[], colour: number): number {
  const [red = 0, green = 0, blue = 0] = partsOf(colour)
  let best = 0
  let least = Infinity
  for (const [index, candidate] of palette.entries()) {
    const [r = 0, g = 0, b = 0] = partsOf(candidate)
    const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

function partsOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255]
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
