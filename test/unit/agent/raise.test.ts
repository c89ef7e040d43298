/** An event is folded into what is there when it is written, whoever else writes at the same time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivationEvent } from '#activation/event.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { raise } from '#agent/raise.ts'
import { InvariantError } from '#kernel/assert.ts'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { Change } from '#store/activations.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld } from './agent-env.ts'
import { withCommit } from './with-commit.ts'

/** A user with a password, whose run has come to where its proof is judged. */
async function judging(env: AgentEnv, txn: ActivationId, pin: Pin, userId: number): Promise<void> {
  const events: ActivationEvent[] = [
    e.etpSeen(),
    e.answerMade(),
    e.receipt('m2', 0, pin),
    e.proofSeen({ pin, standing: e.standing() }),
  ]
  for (const event of events) await raise(env, txn, ({ grant }) => standingNow(event, grant), {}, userId)
}

const standingNow = (event: ActivationEvent, grant: typeof e.openGrant | null): ActivationEvent =>
  'standing' in event ? { ...event, standing: e.standing(grant) } : event

async function userWithPassword(env: AgentEnv): Promise<number> {
  const address = e.address as MailAddress
  const userId = await env.store.users.add({ address, displayName: '', aliases: [], nowMs: e.start })
  assert(userId !== null)
  const expiresAtMs = e.openGrant.expiresAtMs
  await env.store.users.openGrant({ userId, origin: 'generated', records: [], nowMs: e.start, expiresAtMs })
  return userId
}

test('when somebody else was first, the event is made again from what they left', async (t) => {
  const { env } = makeAgentWorld(t)
  await raise(env, e.txn, () => e.etpSeen())
  let first = true
  const busy = withCommit(env, async () => {
    if (first) {
      first = false
      await raise(env, e.txn, () => e.answerMade())
    }
    return null
  })
  const phases: (string | undefined)[] = []
  const { recorded, activation } = await raise(busy, e.txn, (situation) => {
    phases.push(situation.activation?.phase)
    return e.receipt('m2', 0, e.pin)
  })
  assert.deepEqual(phases, ['answering', 'answered'])
  assert.equal(recorded, true)
  assert.equal(activation?.version, 3)
  const events = await env.store.activations.events(e.txn)
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['etp_seen', 'answer_made', 'receipt'],
  )
})

test('of two wrong proofs at the same moment, under one password, both count', async (t) => {
  const { env } = makeAgentWorld(t)
  const userId = await userWithPassword(env)
  await judging(env, e.txn, e.pin, userId)
  await judging(env, e.otherTxn, e.otherPin, userId)
  await Promise.all(
    [e.txn, e.otherTxn].map((txn) => raise(env, txn, ({ grant }) => standingNow(e.judged('wrong'), grant))),
  )
  const kept = await env.store.users.newestGrant(userId)
  assert.deepEqual(kept?.grant.fails, { [e.pin]: 1, [e.otherPin]: 1 })
})

test('of two right proofs at the same moment one claims the password, and the other is told so', async (t) => {
  const { env } = makeAgentWorld(t)
  const userId = await userWithPassword(env)
  await judging(env, e.txn, e.pin, userId)
  await judging(env, e.otherTxn, e.otherPin, userId)
  await Promise.all(
    [e.txn, e.otherTxn].map((txn) => raise(env, txn, ({ grant }) => standingNow(e.judged('right'), grant))),
  )
  const runs = await Promise.all([e.txn, e.otherTxn].map((txn) => env.store.activations.find(txn)))
  assert.deepEqual(runs.map((run) => run?.phase).toSorted(), ['claimed', 'stopped'])
  assert.equal(runs.find((run) => run?.phase === 'stopped')?.code, 'grant.claimed')
  const claimed = runs.find((run) => run?.phase === 'claimed')
  assert.equal((await env.store.users.newestGrant(userId))?.grant.claim?.txn, claimed?.txn)
})

test('an event that changes nothing is not recorded', async (t) => {
  const { env, commits } = makeAgentWorld(t)
  await raise(env, e.txn, () => e.etpSeen())
  commits.length = 0
  const { recorded } = await raise(env, e.txn, () => ({ ...e.policyAcked(0) }))
  assert.equal(recorded, false)
  assert.deepEqual(commits, [])
  assert.equal((await env.store.activations.events(e.txn)).length, 1)
})

test('of a policy that another agent has sent already, the number made for a second one is not noted', async (t) => {
  const { env } = makeAgentWorld(t)
  await raise(env, e.txn, () => e.etpSeen())
  const written: Change[] = []
  const watched = withCommit(env, async (change) => {
    written.push(change)
    return null
  })
  const { recorded } = await raise(
    watched,
    e.txn,
    () => ({ kind: 'policy_sent', number: 10, atMs: e.start }),
    { finishWork: ['policy'], account: { kind: 'sent', pin: e.pin, what: 'policy', number: 10 } },
  )
  assert.equal(recorded, false)
  assert.deepEqual(
    written.map(({ account, finishWork }) => ({ account, finishWork })),
    [{ account: undefined, finishWork: ['policy'] }],
  )
})

test('without an event what came beside it is written all the same', async (t) => {
  const { env } = makeAgentWorld(t)
  const cursor = { owner: 'alice@example.test', folder: 'INBOX', uidValidity: 1, nextUid: 9 }
  await raise(env, e.txn, () => null, { cursor })
  assert.equal((await env.store.watches.find(cursor.owner, cursor.folder))?.nextUid, 9)
  assert.equal(await env.store.activations.find(e.txn), null)
})

test('an event that meets a newer version again and again is a mistake, not an endless loop', async (t) => {
  const { env } = makeAgentWorld(t)
  let commits = 0
  const jammed = withCommit(env, async () => {
    commits += 1
    return 'conflict'
  })
  await assert.rejects(
    raise(jammed, e.txn, () => e.etpSeen()),
    InvariantError,
  )
  assert.ok(commits > 5 && commits < 100, `${commits} tries`)
})
