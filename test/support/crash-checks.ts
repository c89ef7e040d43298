/** What must be true of an activation that completed although something died on its way: nothing happened twice. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { ActivationEvent } from '#activation/event.ts'
import type { Outcome } from '#handheld/activate.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'
import type { Postkey } from './postkey.ts'

/** Each of these is one step of an activation, and taken once. (The mail may come twice, and is answered once.) */
const steps: readonly ActivationEvent['kind'][] = [
  'answer_made',
  'proof_seen',
  'proof_judged',
  'key_check_seen',
  'policy_sent',
  'policy_acked',
  'books_sent',
  'books_acked',
]

/** Copies of one message that a crash, a repeated question and a repeated answer may cost together. */
const copiesMax = 5

export interface Completed {
  readonly postkey: Postkey
  readonly outcome: Pick<Outcome, 'code' | 'text' | 'shown' | 'pin' | 'txn'>
  readonly saved: SavedHandheld | null
  readonly user: string
}

/**
 * The handheld shows that it is complete, the server says the same of the only activation and handheld there is,
 * and each step was taken once.
 */
export async function assertOnce({ postkey, outcome, saved, user }: Completed): Promise<void> {
  assert.equal(outcome.code, 0, outcome.shown.map(({ text }) => text).join('; '))
  assert.equal(outcome.text, 'Activation Complete')
  const { pin, txn } = outcome
  assert(pin && txn)
  await assertShown(postkey, user, pin, txn)
  await withStore(postkey, async (store) => {
    await assertSteps(store, txn)
    await assertSettled(store, pin, txn)
    await assertAgreed(store, pin, saved)
  })
}

/** What an administrator is told. */
async function assertShown(postkey: Postkey, user: string, pin: Pin, txn: ActivationId): Promise<void> {
  const admin = await postkey.admin()
  const shown = () => admin.activations.show(txn)
  await until(async () => (await shown()).stage === 'activation_complete', 'the server to be complete')
  const { activations, handhelds, password } = await admin.users.show(user)
  assert.deepEqual(
    activations.map(({ id, stage }) => ({ id, stage })),
    [{ id: txn, stage: 'activation_complete' }],
  )
  assert.deepEqual(
    handhelds.map((one) => ({ pin: one.pin, state: one.state })),
    [{ pin, state: 'active' }],
  )
  assert.equal(password?.state, 'used')
  assert.equal(password?.claimedBy, pin)
  assert.equal(password?.wrongTries, 0)
  const { policyNumber, booksNumber } = await shown()
  for (const { policy, books } of handhelds) {
    assert.deepEqual(policy, { sent: policyNumber, applied: policyNumber, leftOut: [] })
    assert.deepEqual(books, { sent: booksNumber, applied: booksNumber, leftOut: [] })
  }
}

async function assertSteps(store: Store, txn: ActivationId): Promise<void> {
  const events = await store.activations.events(txn)
  for (const step of steps) {
    const times = events.filter(({ kind }) => kind === step).length
    assert.equal(times, 1, `${step} happened ${times} times`)
  }
}

/** Nothing is left to be sent once the relay's last words are written down, and nothing was sent over and over. */
async function assertSettled(store: Store, pin: Pin, txn: ActivationId): Promise<void> {
  const left = async () => [
    ...(await store.deliveries.runningFor({ pin })),
    ...(await store.deliveries.runningFor({ txn })),
  ]
  await until(async () => (await left()).length === 0, 'nothing to be left to be sent')
  const work = await store.activations.workOf(txn)
  assert.deepEqual(
    work.filter(({ kind }) => kind !== 'wake').map(({ key }) => key),
    [],
  )
  for (const message of ['m2', 'm4', 'key_check']) {
    const delivery = await store.deliveries.byKey(`${message}:${txn}`)
    assert(delivery, `${message} was never sent`)
    assert.ok(delivery.attempts <= copiesMax, `${message} was sent ${delivery.attempts} times`)
  }
}

/** Both ends hold the same key, policy and books. */
async function assertAgreed(store: Store, pin: Pin, saved: SavedHandheld | null): Promise<void> {
  const keys = await store.handhelds.keys(pin)
  assert.deepEqual(
    keys.map(({ kid, state }) => ({ kid, state })),
    [{ kid: saved?.state.account?.link.kid, state: 'current' }],
  )
  const [account] = await store.handhelds.byPin(pin)
  assert.equal(saved?.state.account?.policy?.number, account?.policy.applied)
  assert.equal(saved?.state.account?.bookNumber?.number, account?.books.applied)
}

async function withStore(postkey: Postkey, use: (store: Store) => Promise<void>): Promise<void> {
  const path = join(postkey.data, 'postkey.db')
  const store = openSqliteStore({ path, writer: 'inline', nowMs: () => Date.now() })
  try {
    await use(store)
  } finally {
    await store.close()
  }
}

/** Asks again every few milliseconds; fails after thirty seconds with what was waited for. */
async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
    await after(20)
  }
}
