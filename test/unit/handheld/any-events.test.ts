/** Whatever comes, in whatever order and state: a handheld never throws, never goes wrong, and hears nothing twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HandheldEvent } from '#handheld/event.ts'
import type { HandheldState } from '#handheld/state.ts'
import { parseActivationId, parsePin, parseSrpId } from '#kernel/brand.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { encodePayload, type PayloadKind } from '#protocol/payload.ts'
import { bytes } from '../protocol/arbitraries.ts'
import { Overheard, testedStages } from './overheard.ts'
import { known, pin, startMs, typed, World } from './world.ts'

const complete = 'Activation Complete'
const otherSrpId = known(parseSrpId('S00000009'))

/** Times around now, and those that no clock shows. */
const seconds = fc.oneof(
  fc.integer({ min: startMs / 1_000 - 1_000_000, max: startMs / 1_000 + 1_000_000 }),
  fc.constantFrom(0, 1, 8.64e12, Number.MAX_SAFE_INTEGER),
)
const status = fc.oneof(fc.nat(9), fc.constantFrom(255, Number.MAX_SAFE_INTEGER))

/** Events that name what the handheld has at hand; `at` chooses among it. */
type Make = (state: HandheldState, heard: Overheard, at: number) => HandheldEvent

const deliver = (payload: Uint8Array, srpId = known(parseSrpId('S00000001'))): HandheldEvent => ({
  kind: 'frame',
  frame: { type: 'deliver', mid: new Uint8Array(16).fill(5), from: { kind: 'server', srpId }, payload },
})

const flipped = (message: Uint8Array, at: number): Uint8Array =>
  message.map((byte, i) => (i === at % message.length ? byte ^ (1 << (at % 8)) : byte))

const anyTxn = known(parseActivationId('ab'.repeat(16)))
const txnOf = ({ run, account }: HandheldState, at: number) =>
  (at % 3 === 0 ? anyTxn : (run?.txn ?? account?.txn)) ?? anyTxn

const makes: fc.Arbitrary<Make> = fc.oneof(
  // What the real server of this run said: now, again, changed, or from somebody else.
  fc.constant<Make>((_, heard, at) => deliver(heard.message(at))),
  fc.constant<Make>((_, heard, at) => deliver(flipped(heard.message(at), at))),
  fc.constant<Make>((_, heard, at) => deliver(heard.message(at), otherSrpId)),
  bytes(1, 200).map(
    (payload): Make =>
      () =>
        deliver(payload),
  ),
  fc.tuple(fc.constantFrom<PayloadKind>('m2', 'm3', 'm4', 'packet', 'part', 'error'), bytes(1, 120)).map(
    ([kind, content]): Make =>
      () =>
        deliver(encodePayload({ kind, bytes: content })),
  ),
  fc.nat(40).map(
    (code): Make =>
      (state, _, at) => {
        const content = encodeErrorMessage({ code, txn: txnOf(state, at), triesLeft: at % 5 })
        return deliver(encodePayload({ kind: 'error', bytes: content }))
      },
  ),
  fc.tuple(status, fc.option(seconds)).map(
    ([code, now]): Make =>
      (state, _, at) => ({
        kind: 'frame',
        frame: { type: 'mail_done', txn: txnOf(state, at), status: code, ...(now === null ? {} : { now }) },
      }),
  ),
  status.map(
    (code): Make =>
      (_, heard, at) => ({
        kind: 'frame',
        frame: { type: 'receipt', mid: heard.mid(at), status: code },
      }),
  ),
  seconds.map(
    (now): Make =>
      (_, __, at) => ({
        kind: 'logged_in',
        pin: at % 7 === 0 ? known(parsePin('FFFFFFFF')) : pin,
        certificate: new Uint8Array(64),
        now,
        generation: 1 + (at % 2),
      }),
  ),
  fc.constantFrom('unreachable', 'refused', 'version', 'too_many', 'untrusted').map(
    (reason): Make =>
      (_, __, at) => ({ kind: 'link_down', reason, ...(at % 2 === 0 ? {} : { final: true }) }),
  ),
  bytes(0, 40).map(
    (content): Make =>
      ({ held }, _, at) => ({
        kind: 'policy_verified',
        id: held[at % Math.max(1, held.length)]?.id ?? '',
        content: at % 2 === 0 ? content : null,
      }),
  ),
  {
    // An administrator's order, in its two steps.
    weight: 4,
    arbitrary: fc.constant<Make>(({ held }, heard, at) => {
      const order = held.length > 0 ? null : heard.order(at)
      return order ? deliver(order) : { kind: 'policy_verified', ...heard.signed(0) }
    }),
  },
  fc
    .constantFrom<HandheldEvent>(
      { kind: 'used' },
      { kind: 'lock' },
      { kind: 'unlock', password: 'right' },
      { kind: 'unlock', password: 'wrong' },
      { kind: 'set_password', old: 'right', password: 'right' },
      { kind: 'set_password', old: '', password: 'right' },
      { kind: 'timer' },
      { kind: 'cancel' },
      { kind: 'restart' },
      typed(),
      typed({ confirmed: true }),
    )
    .map(
      (event): Make =>
        () =>
          event,
    ),
)

const script = fc.array(fc.record({ make: makes, at: fc.nat(10_000), waitMs: fc.nat(3_600_000) }), {
  minLength: 1,
  maxLength: 12,
})
const stage = fc.constantFrom(...Object.keys(testedStages))
const runs = { numRuns: 120, timeout: 20_000 }

/** A handheld at this stage, and all that was said on the way there and would be said next. */
function begun(name: string): { world: World; heard: Overheard } {
  const world = new World()
  return { world, heard: new Overheard(world, testedStages[name]) }
}

test('no sequence of events makes a handheld throw, skip the disk, or say that it is complete when it is not', () => {
  fc.assert(
    fc.property(stage, script, (name, steps) => {
      const { world, heard } = begun(name)
      for (const { make, at, waitMs } of steps) {
        world.nowMs += waitMs
        const before = world.state
        // The world itself insists that the state is on disk before anything leaves.
        const actions = world.raise(make(world.state, heard, at))
        assertSound(
          before,
          world.state,
          actions.flatMap((one) => (one.kind === 'show' ? [one.text] : [])),
        )
      }
    }),
    runs,
  )
})

/** Complete is an account whose key is current, with a policy under it and books, and whose last answer was taken. */
function assertSound(before: HandheldState, after: HandheldState, shown: readonly string[]): void {
  const { account, outbox } = after
  const erased = shown.some((text) => text.includes('erased from') || text.includes('was erased'))
  if (erased) assert(before.account?.wipe, 'nobody ordered this wipe')
  if (account?.complete) {
    assert(account.stage === 'active' && account.policy && account.policyConfirmed && account.books)
    assert(!outbox.some(({ completes }) => completes), 'complete before its answer was taken')
  }
  if (account?.stage === 'active') assert(account.bookNumber && account.policyConfirmed)
  if (shown.includes(complete)) assert(account?.complete, `${complete} was shown, and it is not`)
  if (before.account?.complete) assert(account || erased, 'an account in service was lost')
  if (erased) assert.deepEqual(after.account, null, 'nothing of the organisation outlives a wipe')
  if (account && before.account && account.txn === before.account.txn) {
    assert((account.policy?.number ?? 0) >= (before.account.policy?.number ?? 0), 'a policy went back')
    assert((account.bookNumber?.number ?? 0) >= (before.account.bookNumber?.number ?? 0), 'books went back')
    assert((account.command?.number ?? 0) >= (before.account.command?.number ?? 0), 'commands went back')
    assert(account.link.nextSeq >= before.account.link.nextSeq, 'a number was given out again')
    assert(account.link.window.next >= before.account.link.window.next, 'the window moved back')
  }
}

test('a frame that comes twice is acted on once: what comes of its copy is at most the same answer again', () => {
  fc.assert(
    fc.property(stage, script, (name, steps) => {
      const { world, heard } = begun(name)
      for (const { make, at } of steps) {
        const event = make(world.state, heard, at)
        world.raise(event)
        if (event.kind !== 'frame' || event.frame.type !== 'deliver') continue
        const once = lasting(world.state)
        const actions = world.raise(event)
        assert.deepEqual(lasting(world.state), once)
        const told = actions.filter(({ kind }) => kind === 'ended' || kind === 'stage' || kind === 'ask')
        assert.deepEqual(told, [])
      }
    }),
    runs,
  )
})

/** What must not come of a frame twice. Halves of packets are not of it: one that voided a set begins the next. */
function lasting({ run, account, failure, held, unanswered }: HandheldState) {
  return {
    stage: run?.stage,
    txn: run?.txn,
    failure,
    held: held.map(({ id }) => id),
    unanswered,
    account: account && {
      ...account,
      repeat: null,
      link: { ...account.link, nextSeq: 0, reservedSeq: 0 },
    },
  }
}
