/** The store itself, for commands where no server answers. */
import type { AdminSession } from '#admin/admin.ts'
import type { Credentials } from '#admin/desk.ts'
import type { LoadedConfig } from '#config/load.ts'
import { openOffline } from './compose.ts'
import { machineEdge } from './roles/edge.ts'
import { offlineLog } from './roles/logging.ts'

/** @param output where the log goes */
export const openStore = (
  loaded: LoadedConfig,
  credentials: Credentials,
  output: NodeJS.WritableStream,
): Promise<AdminSession> =>
  openOffline(loaded, credentials, { log: offlineLog(loaded, output), edge: machineEdge() })
