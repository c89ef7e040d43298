/** One look at the whole installation, what is broken first. */
import { type Activation, hasEnded } from '#activation/activation.ts'
import { faultCodeOf, faultRow } from '#kernel/fault.ts'
import { activationView } from './activation-view.ts'
import { fine, fromFault } from './check.ts'
import { overdueMs } from './path.ts'
import { queueChecks } from './policy/status.ts'
import type { AdminParts } from './ports.ts'
import type { Check, Health, Status } from './views.ts'

const hourMs = 3_600_000
const openMax = 1_000
const recentMax = 1_000
type Parts = Pick<AdminParts, 'store' | 'clock' | 'health' | 'scanIntervalSeconds' | 'cutOffMs'>

/** What a store that was opened without a server says. */
export const noServerCheck: Check = fromFault('server', 'broken', 'admin.no_server')

export async function readStatus(parts: Parts): Promise<Status> {
  const { store, clock } = parts
  const nowMs = clock.nowMs()
  const open = await store.activations.list({ open: true, limit: openMax })
  const handhelds = await store.handhelds.list()
  const checks = [
    await storeCheck(parts),
    ...parts.health(),
    ...(await workChecks(parts, nowMs)),
    ...(await watchChecks(parts, nowMs)),
    ...(await invitationChecks(parts)),
    ...(await queueChecks(parts, nowMs)),
    ...activationChecks(open, await store.activations.list({ limit: recentMax }), nowMs),
  ].toSorted((a, b) => rank(a.health) - rank(b.health))
  return {
    health: checks[0]?.health ?? 'ok',
    checks,
    counts: {
      users: await store.users.count(),
      passwordsOpen: (await store.users.withLiveGrant(nowMs)).length,
      activationsOpen: open.length,
      handhelds: handhelds.filter((account) => account.state === 'active').length,
    },
  }
}

const rank = (health: Health): number => ['broken', 'attention', 'ok'].indexOf(health)

/** As much as a mail: room for a few bytes says nothing. */
const probeBytes = 64 * 1024

/** Writes as much, over what was written before. @throws Fault store.* */
export const tryWrite = ({ store }: Pick<Parts, 'store'>): Promise<void> =>
  store.installation.put('probe', new Uint8Array(probeBytes))

/** Where the newest write failed, another is tried: nothing else may have come since there is room again. */
async function storeCheck({ store }: Parts): Promise<Check> {
  const trouble = store.trouble()
  const name = 'database'
  if (!trouble) return fine(name, 'Keeps what is written.')
  try {
    await tryWrite({ store })
    return fine(name, 'Keeps what is written again.')
  } catch (error) {
    return fromFault(name, 'broken', faultCodeOf(error), trouble.sinceMs)
  }
}

export async function workChecks({ store }: Pick<Parts, 'store'>, nowMs: number): Promise<Check[]> {
  const overdue = await store.activations.dueWork(nowMs - overdueMs, 1_000)
  const [first] = overdue
  if (!first) return [fine('work', 'No work is overdue.')]
  return [
    {
      name: 'work',
      health: 'attention',
      says: `${count(overdue.length, 'piece')} of work ${overdue.length === 1 ? 'is' : 'are'} overdue.`,
      code: first.lastCode,
      next: first.lastCode ? faultRow(first.lastCode).next : 'See that the agent runs: `postkey serve`.',
      sinceMs: first.dueAtMs,
    },
  ]
}

/** Mails with passwords that the mail server has not taken, or will not take. */
async function invitationChecks({ store }: Pick<Parts, 'store'>): Promise<Check[]> {
  const { putOff, refused, sinceMs } = await store.invitations.troubled()
  if (putOff + refused === 0) return []
  const says = `${count(putOff, 'mail')} with a password put off, ${refused} refused.`
  const code = refused > 0 ? 'invitation.refused' : 'invitation.put_off'
  const next = 'See its words with `postkey user show <address>`, and look for invitation.* in the log.'
  return [{ name: 'invitations', health: 'attention', says, code, next, sinceMs }]
}

/** A watcher must not die silently: a mailbox not looked at for two intervals is named. */
export async function watchChecks(
  { store, scanIntervalSeconds }: Pick<Parts, 'store' | 'scanIntervalSeconds'>,
  nowMs: number,
): Promise<Check[]> {
  // The Junk folder is looked into only while its user may activate: an old look at it means nothing.
  // A removed user's mailbox may have been looked at one last time, and is not missed.
  const users: ReadonlySet<string> = new Set((await store.users.list()).map(({ address }) => address))
  const watches = (await store.watches.list()).filter(
    ({ folder, owner }) => folder === 'INBOX' && users.has(owner),
  )
  const lateBeforeMs = nowMs - 2 * scanIntervalSeconds * 1_000
  const late = watches.filter(({ lookedAtMs }) => lookedAtMs !== null && lookedAtMs < lateBeforeMs)
  const [oldest] = late.toSorted((a, b) => (a.lookedAtMs ?? 0) - (b.lookedAtMs ?? 0))
  if (!oldest) return [fine('mailboxes', `${count(watches.length, 'mailbox', 'mailboxes')} watched.`)]
  return [
    {
      name: 'mailboxes',
      health: 'attention',
      says: `${count(late.length, 'mailbox', 'mailboxes')} not looked at for two scan intervals, longest ${oldest.owner}.`,
      code: null,
      next: 'Look for imap.* in the log and at the connections above.',
      sinceMs: oldest.lookedAtMs,
    },
  ]
}

function activationChecks(
  open: readonly Activation[],
  recent: readonly Activation[],
  nowMs: number,
): Check[] {
  const waiting = open
    .map((run) => activationView(run, nowMs))
    .filter((view) => view.turn === 'administrator')
    .map((view) => ({
      name: view.address,
      health: 'attention' as const,
      says: view.says,
      code: view.code,
      next: `postkey activation explain ${view.address}`,
      sinceMs: view.sinceMs,
    }))
  const failed = recent.filter(
    (run) => hasEnded(run) && run.stage === 'failed' && run.sinceMs > nowMs - 24 * hourMs,
  )
  const says = `${count(open.length, 'activation')} open, ${failed.length} failed in the last 24 hours.`
  return [...waiting, fine('activations', says)]
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
