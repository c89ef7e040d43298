/** Acts by which something is lost: they ask for its name, and can be tried without losing it. */
import type { Command } from 'commander'
import { mayDo } from '#admin/access/roles.ts'
import type { AdminSession } from '#admin/admin.ts'
import { Fault } from '#kernel/fault.ts'
import { promptsOf } from './prompts.ts'
import { Cancelled, type Run, usage } from './run.ts'

/** The options of such a command. */
export interface Consent {
  readonly yes?: boolean
  readonly dryRun?: boolean
}

export const withConsent = (command: Command): Command =>
  command.option('-y, --yes', 'do not ask').option('--dry-run', 'only show what would be lost')

export interface Loss {
  /** What a person has to type: an address, a PIN, a name. */
  readonly name: string
  /** One sentence: `Removes the account maria.` */
  readonly says: string
  /** What a dry run answers to programs. */
  readonly value: object
  /** By which it is lost: whoever may not do it is not asked either. */
  readonly operation: string
}

/**
 * True where it may be done; false on a dry run, which has then been answered. Without a terminal only `--yes` consents.
 * @throws Fault admin.not_allowed, admin.not_confirmed where another name is typed, so that nobody loses the wrong one
 */
export async function mayLose(
  run: Run,
  admin: Pick<AdminSession, 'whoami' | 'mayDo'>,
  { yes, dryRun }: Consent,
  { name, says, value, operation }: Loss,
): Promise<boolean> {
  if (dryRun) {
    // Nothing is tried: the audit log has nothing of it.
    const { role } = await admin.whoami()
    const inVain = mayDo(role, operation) ? '' : `Your role (${role}) may not do this. `
    run.print(value, () => `${says}\n${inVain}A dry run: nothing was done.\n`)
    return false
  }
  if (yes) return true
  if (!run.terminal.canAsk) throw usage('not asked on a terminal: add --yes')
  await admin.mayDo(operation, name)
  const typed = await promptsOf(run).text(`${says} Type ${name} to go on`)
  if (typed === null) throw new Cancelled()
  if (typed.trim().toLowerCase() !== name.toLowerCase())
    throw new Fault('admin.not_confirmed', `that is not ${name}`)
  return true
}
