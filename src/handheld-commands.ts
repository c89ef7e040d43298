/** Puts the terminal handheld's own commands beside the administrator's view of handhelds. */
import type { Command } from 'commander'
import type { Host } from '#cli/deps.ts'
import { registerHandheldCommands } from '#handheld/cli.ts'

export function extendHandheld(handheld: Command, host: Host): void {
  registerHandheldCommands<Command>(handheld, async (command) =>
    (await import('./handheld-surroundings.ts')).surroundings(host.run(command)),
  )
}
