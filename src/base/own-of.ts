/**
 * The value of a key that clients choose. A topic may be called `constructor`, which every object has without its own.
 *
 * @returns `undefined` if the object itself does not have the key.
 */
export function ownOf<Value>(
  object: Readonly<Record<string, Value>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
