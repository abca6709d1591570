import { createHook } from 'node:async_hooks'

/** Returns how many promises are made while `action` runs. */
export async function countPromises(action: () => Promise<unknown>): Promise<number> {
  let count = 0
  const hook = createHook({
    init: (_, type) => {
      if (type === 'PROMISE') count += 1
    },
  }).enable()
  try {
    await action()
  } finally {
    hook.disable()
  }
  return count
}
