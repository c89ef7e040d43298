/** `postkey serve` and the roles alone: run until told to stop. */
import type { Run } from '#cli/run.ts'
import type { LoadedConfig } from '#config/load.ts'
import { compose, type Running } from './compose.ts'
import { machineEdge } from './roles/edge.ts'
import { configuredLog, type LogOutput } from './roles/logging.ts'
import { configuredRoles, type Role } from './roles/role.ts'

/** Starts `roles`, says where they listen, and ends them when the process is asked to stop. */
export async function runServe(
  loaded: LoadedConfig,
  roles: readonly Role[] | 'all',
  run: Run,
): Promise<void> {
  const running = await startServing(loaded, roles === 'all' ? configuredRoles(loaded.config) : roles, run)
  run.note(listening(running))
  await stopped(run.deps.stop)
  run.note('Stopping.')
  await running.close()
}

/** @param sink where the log goes, standard error unless given */
export const startServing = (
  loaded: LoadedConfig,
  roles: readonly Role[],
  run: Run,
  sink: LogOutput = run.deps.stderr,
): Promise<Running> =>
  compose(loaded, roles, {
    log: configuredLog(loaded, sink),
    edge: machineEdge(run.deps.env.POSTKEY_FAILPOINT),
  })

/** One line for people: what listens where. */
export function listening({ ports }: Running): string {
  const places = [
    ['SMTP', ports.smtp],
    ['IMAP', ports.imap],
    ['IMAP over TLS', ports.imapTls],
    ['relay', ports.relay],
    ['HTTP', ports.http],
  ].flatMap(([name, port]) => (port === null ? [] : [`${name} ${port}`]))
  return places.length > 0 ? `Postkey is running: ${places.join(', ')}.` : 'Postkey is running.'
}

export const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
