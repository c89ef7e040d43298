/** The store itself, for commands where no server answers. */
import { existsSync } from 'node:fs'
import type { Credentials } from '#admin/access/desk.ts'
import type { AdminSession } from '#admin/admin.ts'
import type { LoadedConfig } from '#config/load.ts'
import { hasGeneration } from '#edge/generation-file.ts'
import { Fault } from '#kernel/fault.ts'
import { openOffline } from './compose.ts'
import { machineEdge } from './roles/edge.ts'
import { offlineLog } from './roles/logging.ts'

/**
 * @param output where the log goes
 * @throws Fault store.none where no server has ever begun an installation: in a wrong directory a command would make another
 */
export async function openStore(
  loaded: LoadedConfig,
  credentials: Credentials,
  output: NodeJS.WritableStream,
): Promise<AdminSession> {
  const { server, store } = loaded.config
  // Where there was a database before, opening it says that it is gone.
  if (!existsSync(store.path) && !hasGeneration(server.data_dir))
    throw new Fault('store.none', `database: ${store.path}\nconfiguration: ${loaded.file ?? 'no file'}`)
  return openOffline(loaded, credentials, { log: offlineLog(loaded, output), edge: machineEdge() })
}
