/** The second half of a run: who may prove, and what a proof does to the grant. */
import type { FaultCode } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Activation } from './activation.ts'
import type { Effect, Reduced } from './effect.ts'
import type { Standing } from './event.ts'
import { changeGrant, type Grant, refusalOf, triesLeft } from './grant.ts'
import { refuse } from './request.ts'
import { enter, note, type Of, stay } from './step.ts'

type Step = Reduced<Activation>

/** The relay's word on a message. The receipt of M2 names the PIN and ties the run to it for good. */
export function receipt(activation: Activation, event: Of<'receipt'>): Step {
  const known = activation.receipts[event.of]
  if (known === event.status || known === 1) return stay(activation)
  const change = { receipts: { ...activation.receipts, [event.of]: event.status } }
  if (event.of !== 'm2' || event.pin === undefined || activation.pin !== undefined)
    return note(activation, change)
  const tied: Activation = { ...activation, ...change, pin: event.pin }
  if (activation.phase === 'answered')
    return enter(
      tied,
      'answered',
      'verifying_encryption',
      event.atMs,
      {},
      {
        kind: 'work',
        work: 'supersede_others',
      },
    )
  if (activation.phase !== 'proof_kept') return note(tied, {})
  return activation.proof?.pin === event.pin
    ? enter(tied, 'judging', 'verifying_encryption', event.atMs, {}, { kind: 'work', work: 'judge_proof' })
    : enter(withoutProof(tied), 'answered', 'verifying_encryption', event.atMs, {})
}

const withoutProof = ({ proof: _proof, ...rest }: Activation): Activation => rest

/** A proof arrived. It is judged at once, kept until its PIN is known or approved, or refused. */
export function seen(activation: Activation, event: Of<'proof_seen'>): Step {
  if (activation.pin !== undefined && activation.pin !== event.pin)
    return stay(activation, { kind: 'tell', pin: event.pin, code: 'proof.wrong_handheld' })
  // Before its PIN is known a run is nobody's yet: a stranger on the list must not end it.
  if (event.denied && activation.pin !== undefined && !isBoundElsewhere(event))
    return denied(activation, event)
  if (activation.phase === 'stopped') return repeatError(activation, event.pin)
  if (activation.confirmation) return repeatConfirmation(activation, event)
  if (activation.phase === 'judging') return stay(activation)
  if (activation.phase !== 'answered' && activation.phase !== 'proof_kept') return stay(activation)
  const proof = { pin: event.pin, m3: event.m3, m3Hash: event.m3Hash }
  if (activation.pin === undefined) return keep(activation, proof, event.atMs)
  const code = refusalHere(event.standing, event.pin, event.atMs)
  if (code === 'proof.guarded') return guard(activation, proof, event.atMs)
  if (code) return refuse(activation, code, event.atMs)
  return enter(
    activation,
    'judging',
    'verifying_encryption',
    event.atMs,
    { proof },
    {
      kind: 'work',
      work: 'judge_proof',
    },
  )
}

const isBoundElsewhere = ({ standing, pin, atMs }: Of<'proof_seen'>): boolean =>
  refusalHere(standing, pin, atMs) === 'grant.bound_elsewhere'

/** Kept out by the access list: said before the proof is looked at, and counted as no try. A key in use is not touched by it. */
function denied(activation: Activation, event: Of<'proof_seen'>): Step {
  const code = 'proof.not_allowed'
  const kept = withRule(activation, event.rule)
  switch (activation.phase) {
    case 'answered':
    case 'proof_kept':
    case 'judging':
      return refused(kept, code, event.atMs)
    case 'claimed':
      return deniedAfterClaim(kept, code, event.atMs)
    default:
      return stay(activation, { kind: 'tell', pin: event.pin, code })
  }
}

const withRule = (activation: Activation, rule: string | undefined): Activation =>
  rule === undefined ? activation : { ...activation, deniedBy: rule }

/** The proof was right, the key never shown: the password is free for another handheld. */
export function deniedAfterClaim(activation: Activation, code: FaultCode, atMs: number): Step {
  const step = refused(activation, code, atMs)
  const release: Effect = { kind: 'grant', change: { kind: 'released', txn: activation.txn } }
  return { ...step, effects: [release, ...step.effects] }
}

function refusalHere(
  { grant, disabled }: Standing,
  pin: Of<'proof_seen'>['pin'],
  nowMs: number,
): FaultCode | null {
  if (disabled) return 'user.disabled'
  return grant === null ? 'grant.none' : refusalOf(grant, pin, nowMs)
}

/** The receipt that names the PIN is still on its way; the last proof to come is the one that waits. */
function keep(activation: Activation, proof: NonNullable<Activation['proof']>, atMs: number): Step {
  if (activation.proof?.m3Hash === proof.m3Hash) return stay(activation)
  return enter(activation, 'proof_kept', 'verifying_encryption', atMs, { proof })
}

/** Guarded: the proof waits for a person, and the handheld says so. */
function guard(activation: Activation, proof: NonNullable<Activation['proof']>, atMs: number): Step {
  if (activation.code === 'proof.guarded' && activation.proof?.m3Hash === proof.m3Hash)
    return stay(activation)
  const step = enter(
    activation,
    'proof_kept',
    'verifying_encryption',
    atMs,
    { proof },
    {
      kind: 'send',
      message: { kind: 'error', code: 'proof.guarded' },
    },
  )
  return { ...step, next: { ...step.next, code: 'proof.guarded' } }
}

/** A run that ended without a word to the handheld ended because its time was over. */
function repeatError(activation: Activation, pin: Of<'proof_seen'>['pin']): Step {
  return activation.error
    ? stay(activation, { kind: 'send', message: { kind: 'error', ...activation.error } })
    : stay(activation, { kind: 'tell', pin, code: 'request.expired' })
}

/**
 * The same proof again means that M4 was lost, unless the key check has shown that it was not; another proof under
 * a judged transaction is refused.
 */
function repeatConfirmation(activation: Activation, event: Of<'proof_seen'>): Step {
  if (activation.judgedHash !== event.m3Hash)
    return stay(activation, { kind: 'send', message: { kind: 'error', code: 'proof.second' } })
  if (activation.phase !== 'claimed') return stay(activation)
  return stay(
    activation,
    { kind: 'send', message: { kind: 'm4' } },
    { kind: 'send', message: { kind: 'key_check' } },
  )
}

/** An administrator approved this PIN under a guarded grant. */
export function approved(activation: Activation, event: Of<'approved'>): Step {
  if (activation.phase !== 'proof_kept' || activation.code !== 'proof.guarded') return stay(activation)
  if (activation.proof?.pin !== event.pin) return stay(activation)
  return enter(
    activation,
    'judging',
    'verifying_encryption',
    event.atMs,
    {},
    {
      kind: 'work',
      work: 'judge_proof',
    },
  )
}

/** The cryptography has spoken; the grant as it is *now* decides what follows. */
export function judged(activation: Activation, event: Of<'proof_judged'>): Step {
  if (activation.phase !== 'judging' || activation.proof?.m3Hash !== event.m3Hash) return stay(activation)
  const marked: Activation = { ...activation, judgedHash: event.m3Hash }
  const { grant } = event.standing
  const pin = activation.proof.pin
  const code = refusalHere(event.standing, pin, event.atMs)
  // A proof that waited for its PIN, or was overtaken by wrong ones, meets the guard only here.
  if (code === 'proof.guarded') return guardedYet(activation, activation.proof, event.atMs)
  if (grant === null || code) return refused(marked, code ?? 'grant.none', event.atMs)
  if (event.verdict === 'wrong') return wrong(marked, grant, event.atMs)
  if (event.verdict === 'not_allowed')
    return refused(withRule(marked, event.rule), 'proof.not_allowed', event.atMs)
  const { device, m4, keyCheck } = event
  if (event.verdict !== 'right' || !device || m4 === undefined || keyCheck === undefined)
    return refused(marked, 'request.damaged', event.atMs)
  return enter(
    marked,
    'claimed',
    'verifying_encryption',
    event.atMs,
    { device, confirmation: { m4, keyCheck, atMs: event.atMs } },
    { kind: 'grant', change: { kind: 'claimed', pin, txn: activation.txn, atMs: event.atMs } },
    { kind: 'erase_run_secrets' },
    { kind: 'stop_sending', messages: ['m2', 'error'] },
    { kind: 'send', message: { kind: 'm4' } },
    { kind: 'send', message: { kind: 'key_check' } },
    { kind: 'work', work: 'supersede_others' },
    { kind: 'wake', atMs: event.atMs + limits.claimSecondsMax * 1000 },
  )
}

/** The proof waits for a person after all: what was made of it is not used, and it is judged again. */
function guardedYet(activation: Activation, proof: NonNullable<Activation['proof']>, atMs: number): Step {
  const step = guard(activation, proof, atMs)
  return { ...step, effects: [...step.effects, { kind: 'erase_pending_key' }] }
}

/** As `refuse`, for a run that may have a master key already. */
export function refused(activation: Activation, code: FaultCode, atMs: number): Step {
  const step = refuse(activation, code, atMs)
  return { ...step, effects: [...step.effects, { kind: 'erase_pending_key' }] }
}

function wrong(activation: Activation, grant: Grant, atMs: number): Step {
  const pin = activation.proof?.pin
  if (pin === undefined) return stay(activation)
  const change = { kind: 'proof_failed', pin } as const
  const left = triesLeft(changeGrant(grant, change), pin)
  const step = refuse(activation, 'proof.wrong_password', atMs, {
    code: 'proof.wrong_password',
    triesLeft: left,
  })
  return { ...step, effects: [{ kind: 'grant', change }, ...step.effects] }
}
