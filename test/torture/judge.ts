/** The oracle's last look: everything that was promised, found again through the doors a user and an administrator have. */
import { assertOnce, type Completed } from '../support/crash-checks.ts'
import type { ActivationNote } from './load-activations.ts'
import type { Mailbox } from './load-mail.ts'
import { lookInto } from './look.ts'
import { type Found, judgeMailbox, type MailNote, type Verdict, verdictOf } from './oracle.ts'
import type { Site } from './site.ts'

/** What each mailbox has shown so far, and the UIDVALIDITY it had. */
export class MailMemory {
  readonly #shown = new Map<string, { uidValidity: number; found: Found[] }>()

  /** Looks at what is new since the last look. */
  async glance(port: number, mailbox: Mailbox): Promise<void> {
    const before = this.#of(mailbox)
    const look = await lookInto(port, mailbox, (before.found.at(-1)?.uid ?? 0) + 1)
    before.uidValidity ||= look.uidValidity
    before.found.push(...look.found)
  }

  /** Everything that was acknowledged so far must be in what has been shown. */
  judgeShown(mailbox: Mailbox, notes: Iterable<MailNote>): Verdict {
    const { found } = this.#of(mailbox)
    return judgeMailbox(mailbox.address, notes, [], found)
  }

  /** Reads the whole mailbox and holds it against everything. */
  async judgeWhole(port: number, mailbox: Mailbox, notes: Iterable<MailNote>): Promise<Verdict> {
    const before = this.#of(mailbox)
    const { uidValidity, found } = await lookInto(port, mailbox)
    const verdict = judgeMailbox(mailbox.address, notes, before.found, found)
    if (uidValidity === before.uidValidity) return verdict
    return verdictOf(verdict, { missing: [`${mailbox.address}: another UIDVALIDITY`], twice: [] })
  }

  #of({ address }: Mailbox) {
    const known = this.#shown.get(address) ?? { uidValidity: 0, found: [] }
    this.#shown.set(address, known)
    return known
  }
}

/** Each that began is complete, on both sides, and took each of its steps once. */
export async function judgeActivations(site: Site, notes: Iterable<ActivationNote>): Promise<Verdict> {
  const missing: string[] = []
  const twice: string[] = []
  for (const { user, outcome, saved } of notes) {
    if (outcome?.code !== 0) {
      missing.push(`${user}: ${outcome ? `ended with ${outcome.code} ${outcome.text}` : 'never ended'}`)
      continue
    }
    const completed: Completed = { postkey: site.main(), outcome, saved, user }
    try {
      await assertOnce(completed)
    } catch (error) {
      twice.push(`${user}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { missing, twice }
}
