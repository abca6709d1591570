import { type Browser, chromium } from 'playwright-core'

/** Starts Debian's Chromium. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Continuous integration runs as root.
    args: ['--no-sandbox'],
  })
}
