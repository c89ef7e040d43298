/** The first half of a run: the mailed request is judged and answered with M2, or refused with its code. */
import type { ActivationId } from '#kernel/brand.ts'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Activation } from './activation.ts'
import type { Effect, Reduced } from './effect.ts'
import type { ActivationEvent, EtpRequest, ServerTerms, Standing, Suite } from './event.ts'
import { closedCode, grantStateAt, isEarly } from './grant.ts'
import { enter, note, type Of, stay, stop } from './step.ts'

type Step = Reduced<Activation>

/** Where the handheld is still reached over its route token; after that its PIN is the way. */
const overToken: readonly Activation['phase'][] = ['mailed', 'answering', 'answered', 'proof_kept']
/** A stored answer is repeated at most this often, whoever asks. */
const repeatAfterMs = 60_000

/** The activation that `event` begins, or null: only the relay's word and the mail itself can begin one. */
export function begin(txn: ActivationId, event: ActivationEvent): Step | null {
  if (event.kind === 'relay_mailed') {
    const next = blank(txn, event.address, event.atMs)
    // Without the mail there is no life to read; the longest possible is the bound.
    return { next, effects: [{ kind: 'wake', atMs: event.atMs + limits.etpLifeSecondsMax * 1000 }] }
  }
  if (event.kind !== 'etp_seen') return null
  const step = seen(blank(txn, event.request.address, event.request.pressedAtMs), event)
  return { ...step, next: { ...step.next, version: 1 } }
}

function blank(txn: ActivationId, address: Activation['address'], atMs: number): Activation {
  return {
    txn,
    version: 1,
    address,
    stage: 'activating',
    phase: 'mailed',
    sinceMs: atMs,
    startedAtMs: atMs,
    receipts: {},
  }
}

/** The mail was found. A second copy of the same mail is a question for the same answer. */
export function seen(activation: Activation, event: Of<'etp_seen'>): Step {
  const { request, mail, standing, terms } = event
  if (activation.request) {
    if (activation.request.bodyHash !== request.bodyHash) return stay(activation)
    const again = askedAgain(activation, { kind: 'asked_again', atMs: event.atMs, token: request.token })
    const isCopy = mail.uid !== activation.mail?.uid || mail.mailbox !== activation.mail.mailbox
    return isCopy && activation.copyAtMs === undefined ? copySeen(again, event.atMs) : again
  }
  if (activation.phase !== 'mailed') return cameTooLate(activation, event)
  // A relay that named another address in its hint is not believed against the sealed request.
  const grantId = standing.grant?.id
  const known: Activation = {
    ...activation,
    address: request.address,
    startedAtMs: Math.min(activation.startedAtMs, request.pressedAtMs),
    request,
    mail,
    token: request.token,
    ...(grantId === undefined ? {} : { grantId }),
  }
  const code = refusal(request, standing, terms, event.atMs)
  if (code) return refuse(known, code, event.atMs, { code: toldOf(code) })
  return enter(
    known,
    'answering',
    'activating',
    event.atMs,
    {},
    { kind: 'work', work: 'make_answer' },
    {
      kind: 'wake',
      atMs: request.mailedAtMs + request.lifeMs,
    },
  )
}

/**
 * Given up before the mail came: where the mail was all the time can be read from it. Only that its user was removed is
 * told, as the handheld still waits then.
 */
function cameTooLate(activation: Activation, { request, mail, atMs }: Of<'etp_seen'>): Step {
  const known: Activation = { ...activation, address: request.address, request, mail }
  if (activation.code === 'user.removed')
    return refuse({ ...known, token: request.token }, activation.code, atMs)
  return activation.code === 'mail.lost' ? stop(known, 'request.expired', atMs) : note(known, {})
}

/** That there is a second copy is written down once, whatever is answered to it. */
const copySeen = ({ next, effects }: Step, copyAtMs: number): Step => ({
  next: { ...next, copyAtMs },
  effects,
})

/** The first reason against answering, in the protocol's order; none of them counts as a try. */
function refusal(
  request: EtpRequest,
  standing: Standing,
  terms: ServerTerms,
  nowMs: number,
): FaultCode | null {
  if (standing.disabled) return 'user.disabled'
  const grant = standing.grant
  if (!grant) return 'grant.none'
  const closed = closedCode(grantStateAt(grant, nowMs))
  if (closed) return closed
  if (isEarly(grant, nowMs)) return 'grant.not_yet'
  if (!standing.hasRecord) return 'grant.alias'
  if (request.mailedAtMs > nowMs + limits.clockSkewSeconds * 1000) return 'request.clock'
  if (nowMs >= request.mailedAtMs + request.lifeMs) return 'request.expired'
  if (!terms.profiles.includes(request.profile)) return 'request.too_old_software'
  if (chooseSuite(terms, request.offer) === null) return 'request.no_common_suite'
  return terms.postQuantum === 'required' && !request.kem ? 'request.no_post_quantum' : null
}

/** Who has proved nothing learns of a closed password only that none is waiting. */
const toldOf = (code: FaultCode): FaultCode =>
  code.startsWith('grant.') && code !== 'grant.alias' ? 'grant.none' : code

/** The first suite of the server's own list that the handheld offers. */
export const chooseSuite = (terms: ServerTerms, offer: readonly number[]): Suite | null =>
  terms.suites.find((suite) => offer.includes(suite)) ?? null

/**
 * Ends the run with an error that is sent once to whoever holds the route token or the PIN.
 * @param told what the handheld hears, where that is less than the administrator's `code`
 */
export function refuse(
  activation: Activation,
  code: FaultCode,
  atMs: number,
  told: { readonly code: FaultCode; readonly triesLeft?: number } = { code },
): Step {
  if (faultRow(told.code).e === undefined) return stop(activation, code, atMs)
  const answered = { ...activation, error: told, lastAnswerAtMs: atMs }
  return stop(answered, code, atMs, { kind: 'send', message: { kind: 'error', ...told } })
}

/** The same mail or the relay's hint again: the stored answer goes out again, at most once a minute. */
export function askedAgain(activation: Activation, event: Of<'asked_again'>): Step {
  if (!activation.error && !overToken.includes(activation.phase)) return stay(activation)
  const token = event.token ?? activation.token
  const moved = token !== activation.token
  // Apart either way: a date that was set back must not stop the answers until it has come again.
  const recent = Math.abs(event.atMs - (activation.lastAnswerAtMs ?? 0)) < repeatAfterMs
  // The time of the last repeat alone is not worth an event: the delivery's own row keeps it.
  const effects = moved || !recent ? repeatOf(activation) : []
  if (effects.length === 0 && !moved) return stay(activation)
  return note(
    activation,
    { lastAnswerAtMs: event.atMs, ...(token === undefined ? {} : { token }) },
    ...effects,
  )
}

function repeatOf(activation: Activation): Effect[] {
  if (activation.error) return [{ kind: 'send', message: { kind: 'error', ...activation.error } }]
  const waitsForProof = activation.phase === 'answered' || activation.phase === 'proof_kept'
  return waitsForProof ? [{ kind: 'send', message: { kind: 'm2' } }] : []
}

/** M2 exists: it goes to the route token until the relay says that it has it. */
export function answerMade(activation: Activation, event: Of<'answer_made'>): Step {
  if (activation.phase !== 'answering') return stay(activation)
  const { m2, kid, suite, keepUntilMs, atMs } = event
  return enter(
    activation,
    'answered',
    'activating',
    atMs,
    { answer: { m2, kid, suite, keepUntilMs }, lastAnswerAtMs: atMs },
    { kind: 'send', message: { kind: 'm2' } },
    { kind: 'wake', atMs: keepUntilMs },
  )
}
