import { ProxyError } from '../base/errors.ts'
import { reloaded } from '../config/reload.ts'
import type { Config } from '../config/types.ts'
import { allowsAnonymous } from '../settings/access.ts'
import type { Logger } from '../telemetry/logging.ts'
import { warnIfOpen } from './announce.ts'

/**
 * Reads the configuration again and puts to use what needs no restart (SIGHUP). One line of the log says what became
 * of it; a configuration with an error changes nothing.
 *
 * @param load - reads the configuration, or throws.
 * @param use - applies a configuration; it must not fail.
 */
export function reload(
  current: Config,
  load: () => Config,
  logger: Logger,
  use: (config: Config) => void,
): void {
  let next: ReturnType<typeof reloaded>
  try {
    next = reloaded(current, load())
    assertStaysShut(next.config, next.waiting)
  } catch (error) {
    const reason = error instanceof ProxyError ? error.message : String(error)
    logger.error('the configuration was read again and has an error: nothing has changed', {
      reason,
    })
    return
  }
  const { config, changed, waiting } = next
  use(config)
  if (waiting.length === 0) logger.info('the configuration was read again', { changed })
  else {
    logger.warn('the configuration was read again; some changes need a restart of kprf', {
      changed,
      needs_restart: waiting,
    })
  }
  if (changed.length === 0) return
  warnIfOpen(logger, config.http)
  for (const warning of config.warnings) {
    if (!current.warnings.includes(warning)) logger.warn(warning)
  }
}

/** The last token may go before another way to say who one is has come, because that needs a restart. */
function assertStaysShut({ http }: Config, waiting: readonly string[]): void {
  const method = waiting.find((key) => key.startsWith('http.auth.'))
  if (method === undefined || http.auth.anonymous === 'allow' || !allowsAnonymous(http)) return
  throw new ProxyError(
    'CONFIG_INVALID',
    `without http.auth.tokens and http.auth.tokens_file, anyone could push until kprf is restarted, because ${method} needs a restart; restart kprf, or set http.auth.anonymous to deny`,
  )
}
