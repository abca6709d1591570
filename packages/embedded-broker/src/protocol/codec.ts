/**
 * Combinators that describe a protocol message once, for all its versions, and both read and write it.
 *
 * A field that a version lacks is written as nothing and read as its default ({@link since},
 * {@link between}). Flexible versions (KIP-482) change how lengths are coded and end every struct
 * with tagged fields: none are written, and those of a client are skipped, which the KIP allows.
 */
import type { Reader } from './reader.ts'
import { MalformedFrame } from './reader.ts'
import type { Writer } from './writer.ts'

/** The version of a message and whether that version is flexible. */
export interface Format {
  readonly version: number
  readonly isFlexible: boolean
}

/** Reads and writes one value of type `T`. */
export interface Codec<T> {
  read(reader: Reader, format: Format): T
  write(writer: Writer, value: T, format: Format): void
}

/** The type a codec reads and writes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never

/** Signed, one byte. */
export const int8: Codec<number> = {
  read: (reader) => reader.int8(),
  write: (writer, value) => {
    writer.int8(value)
  },
}

/** Signed, two bytes, big-endian. */
export const int16: Codec<number> = {
  read: (reader) => reader.int16(),
  write: (writer, value) => {
    writer.int16(value)
  },
}

/** Signed, four bytes, big-endian. */
export const int32: Codec<number> = {
  read: (reader) => reader.int32(),
  write: (writer, value) => {
    writer.int32(value)
  },
}

/** Signed, eight bytes, big-endian. */
export const int64: Codec<bigint> = {
  read: (reader) => reader.int64(),
  write: (writer, value) => {
    writer.int64(value)
  },
}

/** One byte; anything but 0 reads as true. */
export const boolean: Codec<boolean> = {
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => {
    writer.int8(value ? 1 : 0)
  },
}

/** Sixteen bytes, as 32 hexadecimal digits. */
export const uuid: Codec<string> = {
  read: (reader) => reader.slice(16).toString('hex'),
  write: (writer, value) => {
    writer.raw(Buffer.from(value, 'hex'))
  },
}

/** The length of a string, bytes or an array; -1 is null. Compact forms hold the length plus one. */
const lengthOf = (fixed: Codec<number>): Codec<number> => ({
  read: (reader, format) =>
    format.isFlexible ? reader.unsignedVarint() - 1 : fixed.read(reader, format),
  write: (writer, value, format) => {
    if (format.isFlexible) writer.unsignedVarint(value + 1)
    else fixed.write(writer, value, format)
  },
})

const shortLength = lengthOf(int16)
const longLength = lengthOf(int32)

/** UTF-8 text, or null. */
export const nullableString: Codec<string | null> = {
  read: (reader, format) => {
    const length = shortLength.read(reader, format)
    return length === -1 ? null : reader.slice(length).toString('utf8')
  },
  write: (writer, value, format) => {
    const bytes = value === null ? undefined : Buffer.from(value, 'utf8')
    shortLength.write(writer, bytes?.length ?? -1, format)
    if (bytes) writer.raw(bytes)
  },
}

/** Bytes, or a record set: both are coded alike. */
export const nullableBytes: Codec<Buffer | null> = {
  read: (reader, format) => {
    const length = longLength.read(reader, format)
    return length === -1 ? null : reader.slice(length)
  },
  write: (writer, value, format) => {
    longLength.write(writer, value?.length ?? -1, format)
    if (value) writer.raw(value)
  },
}

/** An array that may be null, with a meaning different from empty. */
export function nullableArray<T>(element: Codec<T>): Codec<readonly T[] | null> {
  return {
    read: (reader, format) => {
      const length = longLength.read(reader, format)
      if (length === -1) return null
      // Every element takes a byte or more; an impossible length must not allocate memory.
      if (length < 0 || length > reader.remaining) {
        throw new MalformedFrame(`array of ${length} elements in ${reader.remaining} bytes`)
      }
      return Array.from({ length }, () => element.read(reader, format))
    },
    write: (writer, value, format) => {
      longLength.write(writer, value?.length ?? -1, format)
      for (const one of value ?? []) element.write(writer, one, format)
    },
  }
}

/** Refuses the null that `codec` would allow. */
function notNull<T>(codec: Codec<T | null>): Codec<T> {
  return {
    read: (reader, format) => {
      const value = codec.read(reader, format)
      if (value === null) throw new MalformedFrame('null where the protocol allows none')
      return value
    },
    write: (writer, value, format) => {
      codec.write(writer, value, format)
    },
  }
}

/** UTF-8 text. */
export const string: Codec<string> = notNull(nullableString)

/** Bytes that are never null. */
export const bytes: Codec<Buffer> = notNull(nullableBytes)

/** An array that is never null. */
export function array<T>(element: Codec<T>): Codec<readonly T[]> {
  return notNull(nullableArray(element))
}

/** A field of the versions `first` to `last`; any other version reads as `absent`. */
export function between<T>(
  first: number,
  last: number,
  codec: Codec<T>,
  absent: NoInfer<T>,
): Codec<T> {
  const has = ({ version }: Format): boolean => version >= first && version <= last
  return {
    read: (reader, format) => (has(format) ? codec.read(reader, format) : absent),
    write: (writer, value, format) => {
      if (has(format)) codec.write(writer, value, format)
    },
  }
}

/** A field that version `first` brought; before it, the value reads as `absent`. */
export function since<T>(first: number, codec: Codec<T>, absent: NoInfer<T>): Codec<T> {
  return between(first, Number.POSITIVE_INFINITY, codec, absent)
}

/** A field coded as `earlier` up to version `first - 1` and as `later` from then on. */
export function changed<T>(first: number, earlier: Codec<T>, later: Codec<T>): Codec<T> {
  const at = ({ version }: Format): Codec<T> => (version < first ? earlier : later)
  return {
    read: (reader, format) => at(format).read(reader, format),
    write: (writer, value, format) => {
      at(format).write(writer, value, format)
    },
  }
}

type Fields = Readonly<Record<string, Codec<unknown>>>

type StructOf<F> = { readonly [Name in keyof F]: ValueOf<F[Name]> }

/** Fields in the order they are declared, followed by tagged fields in flexible versions. */
export function struct<F extends Fields>(fields: F): Codec<StructOf<F>>
export function struct(fields: Fields): Codec<Readonly<Record<string, unknown>>> {
  const entries = Object.entries(fields)
  return {
    read: (reader, format) => {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(reader, format)
      if (format.isFlexible) skipTaggedFields(reader)
      return value
    },
    write: (writer, value, format) => {
      for (const [name, codec] of entries) codec.write(writer, value[name], format)
      if (format.isFlexible) writer.unsignedVarint(0)
    },
  }
}

/** Steps over the tagged fields at the end of a struct or header. */
export function skipTaggedFields(reader: Reader): void {
  const count = reader.unsignedVarint()
  for (let index = 0; index < count; index += 1) {
    reader.unsignedVarint()
    reader.slice(reader.unsignedVarint())
  }
}
