/** What goes wrong: faults are armed by the plan and fire where their moment comes; those that fired are counted. */
export const faultKinds = [
  'mail_delayed',
  'mail_lost',
  'mail_duplicated',
  'mail_reordered',
  'mail_renamed',
  'mail_junk',
  'mail_read_first',
  'smtp_put_off',
  'uidvalidity_change',
  'imap_drop',
  'imap_down',
  'relay_link_drop',
  'relay_link_lost_message',
  'relay_duplicate',
  'relay_reorder',
  'relay_expiry',
  'relay_down',
  'store_fails_before_commit',
  'store_fails_after_commit',
  'storage_fails',
  'crash_agent',
  'crash_relay',
  'crash_handheld',
  'crash_before_commit',
  'crash_after_commit',
  'crash_at_failpoint',
  'clock_forward',
  'clock_back',
  'second_agent',
  'wrong_password',
  'pressed_again',
  'password_replaced',
  'password_revoked',
  'reactivation',
  'rollover',
  'rollovers_cross',
] as const

export type FaultKind = (typeof faultKinds)[number]
export type FaultCounts = Readonly<Partial<Record<FaultKind, number>>>

export class Faults {
  readonly #armed: { readonly kind: FaultKind; skips: number }[] = []
  readonly #counts = new Map<FaultKind, number>()
  readonly #tell: (kind: FaultKind, what: string) => void

  constructor(tell: (kind: FaultKind, what: string) => void) {
    this.#tell = tell
  }

  /** The moment after `skips` others that would do. */
  arm(kind: FaultKind, skips: number): void {
    this.#armed.push({ kind, skips })
  }

  /** Whether this fault strikes here and now. */
  take(kind: FaultKind, what: string): boolean {
    const at = this.#armed.findIndex((armed) => armed.kind === kind)
    const armed = this.#armed[at]
    if (!armed) return false
    armed.skips -= 1
    if (armed.skips >= 0) return false
    this.#armed.splice(at, 1)
    this.fired(kind, what)
    return true
  }

  fired(kind: FaultKind, what: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    this.#tell(kind, what)
  }

  /** From now on nothing goes wrong. */
  cease(): void {
    this.#armed.length = 0
  }

  counts(): FaultCounts {
    return Object.fromEntries(this.#counts)
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }
}
