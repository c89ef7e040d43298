import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFound, eachWatch } from '../support/each-watch.ts'
import { activate, goodScreens, screensOf, startPostkey } from '../support/postkey.ts'

const alice = 'alice@example.test'

eachWatch('a handheld activates over real SMTP, IMAP and relay, and explain tells how', async (t, watch) => {
  const postkey = await startPostkey(t, { set: watch.set })
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
  await assertFound(postkey, alice, watch)
})

test('with 3DES allowed by both sides it activates with Triple DES', async (t) => {
  const postkey = await startPostkey(t, { set: ['activation.algorithms=3des'] })
  const password = await postkey.addUser(alice)
  const outcome = await activate(postkey, alice, password, { suites: [2] })
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  const { algorithm } = await postkey.json<{ algorithm: string }>('activation', 'show', alice)
  assert.equal(algorithm, '3DES')
})
