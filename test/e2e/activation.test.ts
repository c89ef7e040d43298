import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activate, goodScreens, screensOf, startPostkey } from '../support/postkey.ts'

const alice = 'alice@example.test'

test('a handheld activates over real SMTP, IMAP and relay, and explain tells how', async (t) => {
  const postkey = await startPostkey(t)
  const password = await postkey.addUser(alice)
  const outcome = await activate(postkey, alice, password)
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  const explained = await postkey.json<{ activation: { stage: string; pin: string } }>(
    'activation',
    'explain',
    alice,
  )
  assert.equal(explained.activation.stage, 'activation_complete')
  assert.equal(explained.activation.pin, outcome.pin)
})

test('by interval scan alone, with every faster way switched off, it activates as well', async (t) => {
  const slow = [
    'agent.relay_hint=false',
    'agent.idle=false',
    'agent.poll_seconds=0',
    'agent.scan_interval_seconds=1',
  ]
  const postkey = await startPostkey(t, { set: slow })
  const password = await postkey.addUser(alice)
  const outcome = await activate(postkey, alice, password)
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  const { timeline } = await postkey.json<{ timeline: { name: string; detail: string }[] }>(
    'activation',
    'explain',
    alice,
  )
  assert.equal(timeline.find(({ name }) => name === 'server saw the mail')?.detail, 'found by scan')
})

test('with 3DES allowed by both sides it activates with Triple DES', async (t) => {
  const postkey = await startPostkey(t, { set: ['activation.algorithms=3des'] })
  const password = await postkey.addUser(alice)
  const outcome = await activate(postkey, alice, password, { suites: [2] })
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  const { algorithm } = await postkey.json<{ algorithm: string }>('activation', 'show', alice)
  assert.equal(algorithm, '3DES')
})
