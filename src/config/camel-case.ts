/** Converts the names of the file (`max_body_bytes`) to those of the code (`maxBodyBytes`). */

type CamelCaseName<Name> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCaseName<Rest>>}`
  : Name

/** A value with all its keys, also nested ones, in camel case; keys without underscores stay unchanged. */
export type CamelCase<Value> = Value extends readonly (infer Item)[]
  ? readonly CamelCase<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value as CamelCaseName<Name>]: CamelCase<Value[Name]> }
    : Value

/**
 * Renames the keys of a value, also nested ones. The compiler cannot check that the names made here are those of
 * {@link CamelCase}; the overload asserts it.
 */
export function camelCase<Value>(value: Value): CamelCase<Value>
export function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => camelCase(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      camelCaseName(name),
      camelCase(part),
    ]),
  )
}

/** `maxBodyBytes` for `max_body_bytes`. */
export function camelCaseName(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}
