/**
 * The canary activation: a handheld of the doctor's own goes the administrator's way, from the relay over SMTP, the
 * mailbox and the scan back to itself. Whatever it comes to, user, handheld and mail are gone afterwards.
 */
import { hasEnded } from '#activation/activation.ts'
import type { Admin } from '#admin/admin.ts'
import { fromFault } from '#admin/check.ts'
import type { Check, DoctorNote } from '#admin/views.ts'
import type { Outcome } from '#handheld/activate.ts'
import type { RelayTrust } from '#handheld/run.ts'
import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import type { Fault, FaultCode } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Store } from '#store/store.ts'
import { type CanaryHandheld, pressActivate } from './canary-handheld.ts'
import { type Facts, hopsOf, type OwnLook } from './canary-hops.ts'
import { type CanaryMail, lookForMail, removeMail } from './canary-mail.ts'

export interface CanaryParts {
  readonly store: Pick<Store, 'users' | 'activations' | 'relay' | 'watches'>
  readonly admin: Pick<Admin, 'users' | 'passwords'>
  readonly clock: Clock
  readonly random: Random
  readonly version: string
  readonly address: MailAddress
  /** How the handheld reaches the relay. */
  readonly relay: RelayTrust
  /** Whether the relay's rows are in this store. */
  readonly ownRelay: boolean
  readonly mail: Pick<CanaryMail, 'server' | 'access' | 'junk'>
  /** The mailbox goes with the user. */
  readonly embedded: boolean
  readonly timeoutMs: number
  /** What the agent says of the canary's mailbox. */
  mailboxFault(): FaultCode | null
}

/** By which what a doctor that was killed has left behind is known. */
const displayName = "Postkey doctor's canary"
const lookEveryMs = 100
/** The agent is faster where all is well. */
const ownLookAfterMs = 3_000
/** The agent removes what it has read a moment later. */
const removalMs = 300

export async function* flyCanary(parts: CanaryParts, signal: AbortSignal): AsyncGenerator<DoctorNote> {
  const { store, address, admin, clock } = parts
  const there = await store.users.byAddress(address)
  if (there && there.displayName !== displayName) {
    yield { kind: 'check', check: fromFault('canary', 'attention', 'doctor.canary_in_use', null, address) }
    return
  }
  await removeEarlier(parts)
  const startedAtMs = clock.nowMs()
  await admin.users.add({ address, displayName })
  let handheld: CanaryHandheld | null = null
  const landing = new AbortController()
  try {
    const { password } = await admin.passwords.generate(address)
    assert(password, 'a generated password is shown once')
    handheld = pressActivate(parts, { email: address, password }, AbortSignal.any([signal, landing.signal]))
    yield* follow(parts, handheld, startedAtMs, signal)
  } finally {
    landing.abort()
    await handheld?.ended
    const left = await clearUp(parts, handheld)
    if (left && !signal.aborted) yield { kind: 'check', check: leftCheck(left) }
  }
}

/** Of rounds that were cut off with their server: their canaries had other addresses. */
async function removeEarlier({ store, admin, clock }: CanaryParts): Promise<void> {
  for (const { id, address, displayName: name } of await store.users.list()) {
    if (name !== displayName) continue
    await admin.users.remove(address)
    await store.users.erase(id, clock.nowMs())
  }
}

function leftCheck({ code, detail }: Fault): Check {
  const until = code === 'imap.no_right' ? '' : ' until a later round can remove it'
  return fromFault("the canary's mail", 'attention', code, null, `it stays${until}: ${detail}`)
}

/** Says each hop once, as it is reached. */
async function* follow(
  parts: CanaryParts,
  handheld: CanaryHandheld,
  startedAtMs: number,
  signal: AbortSignal,
): AsyncGenerator<DoctorNote> {
  const { clock } = parts
  const startedMs = clock.monotonicMs()
  const flight: Flight = {
    startedAtMs,
    startedMs,
    outcome: undefined,
    look: null,
    mailedAtMs: null,
    completeAtMs: null,
  }
  void handheld.ended.then((outcome) => {
    flight.outcome = outcome
    if (outcome?.code === 0) flight.completeAtMs = clock.nowMs()
  })
  let said = 0
  for (;;) {
    const facts = await factsOf(parts, handheld, flight)
    const ended = isOver(parts, flight, facts)
    const hops = hopsOf(facts, ended)
    for (const { check, tookMs } of hops.slice(said)) yield { kind: 'hop', check, tookMs }
    said = hops.length
    if (ended || signal.aborted) return
    await sleep(clock, lookEveryMs, signal)
    await lookSometimes(parts, handheld, flight, facts)
  }
}

interface Flight {
  readonly startedAtMs: number
  readonly startedMs: number
  /** Undefined while it flies. */
  outcome: Outcome | null | undefined
  look: OwnLook | null
  /** When the relay's rows first said that the mail server took the mail. */
  mailedAtMs: number | null
  completeAtMs: number | null
}

async function factsOf(parts: CanaryParts, handheld: CanaryHandheld, flight: Flight): Promise<Facts> {
  const { store, ownRelay, clock } = parts
  const txn = handheld.txn()
  const events = txn ? await store.activations.events(txn) : []
  const run = txn ? await store.activations.find(txn) : null
  const mail = txn && ownRelay ? await store.relay.findAnsweredMail(txn) : null
  if (mail?.state === 'accepted') flight.mailedAtMs ??= clock.nowMs()
  const hintedAtMs = events.find(({ kind }) => kind === 'relay_mailed')?.atMs
  const seenAtMs = events.find(({ kind }) => kind === 'etp_seen')?.atMs
  const answer = mail?.answer ?? ''
  const trouble = mail?.state === 'refused' ? 'smtp.refused' : answer ? 'smtp.unreachable' : null
  return {
    pressedAtMs: flight.startedAtMs,
    relayAtMs: mail?.acceptedAtMs ?? handheld.relayAtMs(),
    // Another's relay tells by its hint alone; what was read was mailed.
    mailedAtMs: hintedAtMs ?? flight.mailedAtMs ?? seenAtMs ?? null,
    mailTrouble: trouble && { code: trouble, detail: answer },
    events,
    look: flight.look,
    mailboxFault: parts.mailboxFault(),
    stoppedBy: run && hasEnded(run) ? (run.code ?? null) : null,
    completeAtMs: flight.completeAtMs,
    screen: handheld.screen(),
  }
}

/** Complete and heard of by the server, failed for good, or out of time. */
function isOver({ clock, timeoutMs }: CanaryParts, flight: Flight, facts: Facts): boolean {
  if (clock.monotonicMs() - flight.startedMs >= timeoutMs) return true
  // Nothing reads a mailbox that cannot be reached, and the IMAP checks have said the rest.
  if (facts.look?.at === 'unreachable') return true
  if (flight.outcome === undefined) return false
  return flight.outcome?.code !== 0 || facts.events.some(({ kind }) => kind === 'books_acked')
}

/** Once some time has passed since SMTP took the mail and the agent has not seen it. */
async function lookSometimes(
  { mail, address, clock }: CanaryParts,
  handheld: CanaryHandheld,
  flight: Flight,
  facts: Facts,
): Promise<void> {
  const txn = handheld.txn()
  if (!txn || facts.mailedAtMs === null || facts.events.some(({ kind }) => kind === 'etp_seen')) return
  if (flight.look?.at === 'inbox' || flight.look?.at === 'junk') return
  if (clock.monotonicMs() - flight.startedMs < ownLookAfterMs) return
  flight.look = await lookForMail({ ...mail, owner: address }, txn, flight.startedAtMs)
}

/** @returns why the canary's mail had to stay, or null */
async function clearUp(parts: CanaryParts, handheld: CanaryHandheld | null): Promise<Fault | null> {
  const { store, admin, address, clock, mail, embedded, ownRelay } = parts
  const user = await store.users.byAddress(address)
  const pin = handheld?.pin() ?? null
  let left: Fault | null = null
  if (!embedded) {
    await sleep(clock, removalMs)
    left = await removeMail({ ...mail, owner: address })
  }
  if (user) {
    await admin.users.remove(address)
    await store.users.erase(user.id, clock.nowMs())
  }
  if (ownRelay && pin !== null) await store.relay.forgetDevice(pin)
  await store.watches.remove(address)
  return left
}
