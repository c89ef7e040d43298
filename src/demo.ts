/** `postkey demo`: one activation on temporary data and free ports, then everything is gone again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from '#cli/run.ts'
import { type ConfigInput, loadConfig } from '#config/load.ts'
import { compose } from './compose.ts'
import { activateFirst, sayStarting } from './first-activation.ts'
import { machineEdge } from './roles/edge.ts'
import { configuredLog } from './roles/logging.ts'
import { configuredRoles } from './roles/role.ts'

const freePorts = ['smtp.port=0', 'imap_server.port=0', 'imap_server.tls_port=0', 'relay.port=0']

/** @param input the caller's own --set values, which win over the demo's */
export async function runDemo(input: ConfigInput, run: Run): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postkey-demo-'))
  try {
    const own = [`server.data_dir=${directory}`, 'log.level=warn', ...freePorts]
    const loaded = loadConfig({ ...input, set: [...own, ...input.set], cwd: directory })
    sayStarting(run)
    const running = await compose(loaded, configuredRoles(loaded.config), {
      log: configuredLog(loaded, run.deps.stderr),
      edge: machineEdge(),
    })
    try {
      const result = await activateFirst(running, loaded, run)
      if (!result.ok) run.setExit('failed')
      run.printLine(
        result,
        () => `  ${(result.total_ms / 1000).toFixed(1)} s from start to end. Nothing was left behind.`,
      )
    } finally {
      await running.close()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
