/** The mail server's push hook, where the agent runs: whom a hint is about, and when one was last heard. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { Watching } from '#agent/watching.ts'
import { readSecretFile } from '#config/secret-file.ts'
import type { MailHint } from '#http/mail-hint.ts'
import type { HookRefusal } from '#http/mail-hook.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { inbox } from '#mailbox/access.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { Base } from './base.ts'

export interface PushHeard {
  /** By the clock; null: not since the start. */
  readonly atMs: number | null
  readonly count: number
}

export interface PushHook {
  /** Null where no hook is configured. */
  readonly token: string | null
  heard(hint: MailHint): void
  refused(code: HookRefusal): void
  /** Null where no hook is configured. */
  pushHeard(): PushHeard | null
  health(): readonly Check[]
}

/** Hints whose user is being looked up; the store answers in well under a millisecond. */
const lookingUpMax = 256
/** So long nobody need have got a mail. */
const silenceMs = 10 * 60_000

export function makePushHook(base: Base, watching: Pick<Watching, 'pushed'>): PushHook {
  const { agent } = base.config
  const token = agent.push_token_file === '' ? null : readSecretFile(agent.push_token_file)
  const { clock, metrics } = base
  const log = base.log.with({ role: 'agent' })
  const sinceMs = clock.nowMs()
  let heard: PushHeard = { atMs: null, count: 0 }
  let wrongTokenAtMs: number | null = null
  let lookingUp = 0

  const take = async (hint: MailHint): Promise<void> => {
    const folder = watchedFolder(base, hint.mailbox)
    const owner = folder && (await ownerOf(base, hint.user))
    if (owner) watching.pushed(owner, folder)
    const outcome = owner ? 'taken' : folder ? 'unknown_user' : 'other_folder'
    metrics.count('postkey_push_hints_total', { outcome })
    if (outcome === 'unknown_user') log.debug({ user: hint.user }, 'the push hook spoke of a stranger')
  }

  return {
    token,
    heard: (hint) => {
      heard = { atMs: clock.nowMs(), count: heard.count + 1 }
      if (lookingUp >= lookingUpMax)
        return metrics.count('postkey_push_hints_total', { outcome: 'too_often' })
      lookingUp += 1
      void take(hint)
        .catch((error: unknown) => log.warn({ code: faultCodeOf(error) }, 'a hint could not be followed'))
        .finally(() => {
          lookingUp -= 1
        })
    },
    refused: (code) => {
      metrics.count('postkey_push_hints_total', { outcome: refusalLabels[code] })
      if (code !== 'push.token') return
      // Said when it begins: a mail server may speak hundreds of times a second.
      if (wrongTokenAtMs === null || clock.nowMs() - wrongTokenAtMs > silenceMs)
        log.warn({ code }, 'the push hook was refused')
      wrongTokenAtMs = clock.nowMs()
    },
    pushHeard: () => (token === null ? null : heard),
    health: () =>
      token !== null ? [pushCheck({ nowMs: clock.nowMs(), sinceMs, wrongTokenAtMs, ...heard })] : [],
  }
}

const refusalLabels = {
  'push.malformed': 'malformed',
  'push.token': 'token',
  'push.too_large': 'too_large',
  'push.too_often': 'too_often',
} as const satisfies Record<HookRefusal, string>

/** The INBOX, or the Junk folder where that is watched: nothing else is read. */
function watchedFolder({ config }: Base, mailbox: string): string | null {
  if (mailbox.toUpperCase() === inbox) return inbox
  return config.imap.junk !== '' && mailbox === config.imap.junk ? mailbox : null
}

/** A log-in name is any of the user's addresses, or what stands before the @ in the main domain. */
async function ownerOf({ store, config }: Base, user: string): Promise<MailAddress | null> {
  const canonical = canonicalEmail(user.includes('@') ? user : `${user}@${config.server.domains[0]}`)
  const found = canonical.ok ? await store.users.byAddress(canonical.value) : null
  return found?.address ?? null
}

const name = 'push hook'

interface Told extends PushHeard {
  readonly nowMs: number
  readonly sinceMs: number
  readonly wrongTokenAtMs: number | null
}

function pushCheck({ nowMs, sinceMs, atMs, count, wrongTokenAtMs }: Told): Check {
  if (wrongTokenAtMs !== null && wrongTokenAtMs > (atMs ?? 0))
    return fromFault(name, 'attention', 'push.token', wrongTokenAtMs)
  if (atMs !== null) {
    const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
    return fine(name, `Last heard ${seconds} s ago, ${count} ${count === 1 ? 'time' : 'times'} in all.`)
  }
  return nowMs - sinceMs > silenceMs
    ? fromFault(name, 'attention', 'push.silent', sinceMs)
    : fine(name, 'Not heard yet.')
}
