/** The IT policy rules this handheld knows, by name, with what each value means here; docs/it-policy-rules.md agrees. */
import { flag, type KnownRule, number, text, texts } from './rule-kinds.ts'

const yesNo = (yes: string, no: string) => (value: boolean) => (value ? yes : no)
const some = (list: readonly string[]): string => (list.length > 0 ? list.join(', ') : 'none')
const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`)
const patterns = [
  'a password holds anything',
  'a password holds letters and digits',
  'a password holds letters, digits and another sign',
  'a password holds capital and small letters, digits and another sign',
]

const obeyed = (rule: KnownRule): KnownRule => ({ ...rule, obeyed: true })

/** What this handheld has to do with: obeyed. All others are shown, and change nothing here. */
const obeyedRules: Readonly<Record<string, KnownRule>> = {
  password_required: flag(yesNo('a password must be set', 'a password may be set')),
  password_min_length: number(1, 32, (n) => `a password has at least ${n} characters`),
  password_pattern: number(0, 3, (n) => patterns[n] ?? ''),
  password_max_age_days: number(0, 365, (n) =>
    n === 0 ? 'a password never grows too old' : `a password lasts ${days(n)}`,
  ),
  password_history: number(0, 10, (n) =>
    n === 0 ? 'earlier passwords may come again' : `the last ${n} passwords may not come again`,
  ),
  password_attempts_max: number(0, 20, (n) =>
    n === 0 ? 'wrong passwords do no harm' : `wrong password number ${n} erases this handheld`,
  ),
  inactivity_lock_minutes: number(0, 60, (n) =>
    n === 0 ? 'does not lock by itself' : `locks after ${n} min without use`,
  ),
  owner_text: text(128, (value) => (value === '' ? 'no owner text' : 'shown on the locked screen')),
  allowed_algorithms: texts(2, (list) => `the next activation offers ${some(list)}`, ['aes', '3des']),
  key_life_days: number(1, 30, (n) => `a master key lasts ${days(n)}`),
  post_quantum_required: flag(yesNo('ML-KEM-768 is demanded', 'ML-KEM-768 is not demanded')),
}

const shownRules: Readonly<Record<string, KnownRule>> = {
  lock_on_holster: flag(yesNo('a holster locks', 'a holster does not lock')),
  content_protection: flag(yesNo('data is encrypted while locked', 'data is not encrypted while locked')),
  sync_databases_allowed: texts(16, (list) => `may be synchronised: ${some(list)}`),
  allow_wireless_backup: flag(yesNo('options are kept by the server', 'options are kept here alone')),
  prepopulation_days: number(0, 30, (n) => (n === 0 ? 'no earlier mail' : `earlier mail of ${days(n)}`)),
  prepopulation_messages_max: number(0, 3_000, (n) => `at most ${n} earlier messages`),
  calendar_days_back: number(0, 365, (n) => `past appointments of ${days(n)}`),
  calendar_days_ahead: number(1, 1_095, (n) => `coming appointments of ${days(n)}`),
  attachment_max_kib: number(0, 25_600, (n) => `attachments up to ${n} KiB`),
  attachment_types_blocked: texts(64, (list) => `files not taken: ${some(list)}`),
  message_max_kib: number(1, 25_600, (n) => `sends messages up to ${n} KiB`),
  allow_forwarding: flag(yesNo('mail may be forwarded', 'mail may not be forwarded')),
  allow_external_addresses: flag(yesNo('mail may go to anybody', 'mail stays in the organisation')),
  internal_mail_domains: texts(64, (list) => `counts as inside: ${some(list)}`),
  warn_external_addresses: flag(
    yesNo('asks before mail goes outside', 'does not ask before mail goes outside'),
  ),
  disclaimer_text: text(1_024, (value) => (value === '' ? 'no disclaimer' : 'stands under each mail')),
  disclaimer_external_only: flag(yesNo('a disclaimer goes outside only', 'a disclaimer goes to everybody')),
  message_keep_days: number(0, 365, (n) => (n === 0 ? 'messages are kept' : `messages are kept ${days(n)}`)),
  allow_peer_to_peer_messages: flag(
    yesNo('handhelds may write directly', 'handhelds may not write directly'),
  ),
  allow_browser: flag(yesNo('a browser may be used', 'no browser')),
  browser_home_page: text(256, (value) => (value === '' ? 'the own first page' : 'the first page')),
  allow_other_applications: flag(yesNo('applications may be installed', 'no applications may be installed')),
  applications_forbidden: texts(64, (list) => `forbidden: ${some(list)}`),
  allow_camera: flag(yesNo('a camera may be used', 'no camera')),
  allow_bluetooth: flag(yesNo('Bluetooth may be used', 'no Bluetooth')),
  allow_memory_card: flag(yesNo('a memory card may be used', 'no memory card')),
}

export const knownRules: ReadonlyMap<string, KnownRule> = new Map([
  ...Object.entries(obeyedRules).map(([name, rule]): [string, KnownRule] => [name, obeyed(rule)]),
  ...Object.entries(shownRules),
])
