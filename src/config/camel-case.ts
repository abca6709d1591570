/** From the names of the file (`max_body_bytes`) to those of the code (`maxBodyBytes`). */

type CamelCaseName<Name> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCaseName<Rest>>}`
  : Name

/** A value with its keys, and those in it, in camel case; keys without underscores stay as they are. */
export type CamelCase<Value> = Value extends readonly (infer Item)[]
  ? readonly CamelCase<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value as CamelCaseName<Name>]: CamelCase<Value[Name]> }
    : Value

/**
 * Renames the keys of a value and of all in it. The one place where the compiler must believe what it cannot check:
 * that the names made below are those of {@link CamelCase}.
 */
export function camelCase<Value>(value: Value): CamelCase<Value>
export function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => camelCase(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      camelCase(part),
    ]),
  )
}
