/** Puts the terminal handheld's own commands beside the administrator's view of handhelds. */
import type { Command } from 'commander'
import type { Host } from '#cli/deps.ts'

export function extendHandheld(_handheld: Command, _host: Host): void {}
