import type { Command } from 'commander'
import type { Status } from '#admin/views.ts'
import { act } from '../act.ts'
import { checkLines } from '../check-lines.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { count } from '../text.ts'

export function statusCommand(program: Command, host: Host): void {
  program
    .command('status')
    .description('how this installation is, what is broken first; exits 1 where something is')
    .action(act(host, show))
}

async function show(run: Run): Promise<void> {
  const status = await run.admin((admin) => admin.status())
  run.print(status, () => describe(run, status))
  if (status.health === 'broken') run.setExit('failed')
}

function describe(run: Run, { checks, counts }: Status): string {
  const summary = [
    count(counts.users, 'user'),
    `${count(counts.passwordsOpen, 'password')} open`,
    `${count(counts.activationsOpen, 'activation')} under way`,
    count(counts.handhelds, 'handheld'),
  ].join(', ')
  return `${checks.map((check) => checkLines(run, check)).join('')}\n${summary}\n`
}
