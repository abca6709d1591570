/**
 * Finds where zstd frames end, from their headers alone (RFC 8878, section 3.1,
 * https://www.rfc-editor.org/rfc/rfc8878#section-3.1). Node.js 22 takes a cut frame for a whole one, and forgets all frames
 * behind the first.
 *
 * Between calls, either bytes of a field are missing, or bytes are passed over whose number is known. Nothing is kept but
 * numbers.
 */

/** What is wrong with zstd, in words behind "the body cannot be decompressed". */
export class ZstdError extends Error {
  override readonly name = 'ZstdError'
}

/** The error for bytes that are no frame. */
export function notFrames(): ZstdError {
  return new ZstdError('it has something else than zstd frames')
}

/** The largest window that content on the web may have (RFC 9659), bytes. */
export const MAX_WINDOW_BYTES = 8 * 1_048_576

const MAGIC = 0xfd2fb528
/** Sixteen magic numbers begin a skippable frame. */
const SKIPPABLE_MAGIC = 0x184d2a50
const IS_SINGLE_SEGMENT = 0x20
const IS_RESERVED = 0x08
const HAS_CHECKSUM = 0x04
const CHECKSUM_BYTES = 4
/** By the lowest two bits of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
/** By its highest two bits. A frame in a single segment always has its size. */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/** Each frame costs a way to the thread pool and back. Few of them, or larger ones, are no attack. */
const FREE_FRAMES = 1_000
/** The bytes that further frames must have on average. */
const FRAME_BYTES = 32

type Field =
  'magic' | 'skippableSize' | 'descriptor' | 'window' | 'dictionaryId' | 'contentSize' | 'block'

/** Walks over the compressed bytes of one body, in pieces that may be cut anywhere. */
export class FrameWalker {
  #field: Field = 'magic'
  #fieldBytes = 4
  #readBytes = 0
  #value = 0
  /** To be passed over. */
  #contentBytes = 0
  /** Whether the frame ends behind them. */
  #isLast = false
  #descriptor = 0
  #windowBytes = 0
  #frameCount = 0
  #totalBytes = 0
  /** Of the frames that are complete. */
  #framesBytes = 0

  /** Whether all frames so far are complete, and there is one. */
  get isComplete(): boolean {
    return this.#frameCount > 0 && this.#field === 'magic' && this.#readBytes === 0
  }

  /** The window of the last frame, bytes; 0 before the end of its header. */
  get windowBytes(): number {
    return this.#windowBytes
  }

  /**
   * Walks to the end of a frame, or of the bytes.
   *
   * @returns where it stopped.
   * @throws ZstdError if the bytes are no frame, or one that kprf does not decompress.
   */
  walk(bytes: Uint8Array, from: number, to = bytes.length): number {
    let at = from
    let hasEnded = false
    while (at < to && !hasEnded) {
      if (this.#contentBytes > 0) {
        const passed = Math.min(this.#contentBytes, to - at)
        this.#contentBytes -= passed
        at += passed
      } else {
        this.#value += (bytes[at] ?? 0) * 2 ** (8 * this.#readBytes)
        this.#readBytes += 1
        at += 1
        if (this.#readBytes === this.#fieldBytes) this.#take(this.#value)
      }
      hasEnded = this.#isLast && this.#contentBytes === 0
    }
    this.#totalBytes += at - from
    if (hasEnded) this.#end()
    return at
  }

  /** Fields are little-endian. */
  #expect(field: Field, bytes: number): void {
    this.#field = field
    this.#fieldBytes = bytes
    this.#readBytes = 0
    this.#value = 0
  }

  #take(value: number): void {
    switch (this.#field) {
      case 'magic':
        this.#begin(value)
        break
      case 'skippableSize':
        this.#contentBytes = value
        this.#isLast = true
        break
      case 'descriptor':
        this.#takeDescriptor(value)
        break
      case 'window':
        this.#setWindow(windowOf(value))
        this.#expectDictionaryId()
        break
      case 'dictionaryId':
        this.#expectContentSize()
        break
      case 'contentSize':
        // Two bytes begin at 256, which makes no difference to any limit.
        if (this.#isSingleSegment) this.#setWindow(value)
        this.#expect('block', 3)
        break
      case 'block':
        this.#takeBlock(value)
        break
    }
  }

  #end(): void {
    this.#isLast = false
    this.#framesBytes = this.#totalBytes
    this.#expect('magic', 4)
  }

  #begin(magic: number): void {
    if (this.#frameCount >= FREE_FRAMES && this.#framesBytes < this.#frameCount * FRAME_BYTES) {
      throw new ZstdError(`it has too many zstd frames of less than ${FRAME_BYTES} bytes`)
    }
    this.#frameCount += 1
    this.#windowBytes = 0
    if (magic === MAGIC) this.#expect('descriptor', 1)
    else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#expect('skippableSize', 4)
    else throw notFrames()
  }

  #takeDescriptor(descriptor: number): void {
    if ((descriptor & IS_RESERVED) !== 0) throw new ZstdError('a zstd frame has an unknown header')
    this.#descriptor = descriptor
    if (this.#isSingleSegment) this.#expectDictionaryId()
    else this.#expect('window', 1)
  }

  get #isSingleSegment(): boolean {
    return (this.#descriptor & IS_SINGLE_SEGMENT) !== 0
  }

  #setWindow(bytes: number): void {
    if (bytes > MAX_WINDOW_BYTES) {
      throw new ZstdError('a zstd frame has a window of more than 8 MiB (RFC 9659)')
    }
    this.#windowBytes = bytes
  }

  #expectDictionaryId(): void {
    const bytes = DICTIONARY_ID_BYTES[this.#descriptor & 3] ?? 0
    if (bytes === 0) this.#expectContentSize()
    else this.#expect('dictionaryId', bytes)
  }

  #expectContentSize(): void {
    const flag = this.#descriptor >> 6
    const bytes = flag === 0 && this.#isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[flag] ?? 0)
    if (bytes === 0) this.#expect('block', 3)
    else this.#expect('contentSize', bytes)
  }

  #takeBlock(header: number): void {
    const type = (header >> 1) & 3
    if (type === RESERVED_BLOCK) throw new ZstdError('a zstd frame has a block of unknown type')
    this.#contentBytes = type === RLE_BLOCK ? 1 : header >> 3
    this.#isLast = (header & 1) === 1
    if (!this.#isLast) this.#expect('block', 3)
    else if ((this.#descriptor & HAS_CHECKSUM) !== 0) this.#contentBytes += CHECKSUM_BYTES
  }
}

/** https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.2 */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}
