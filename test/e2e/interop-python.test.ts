// A handheld in another language, written from docs/protocol.md alone, activates on a real server.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activatePython, pythonPeers, runPython } from '../support/interop.ts'
import { missingPeer } from '../support/peers.ts'
import { goodScreens, type Postkey, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const skip = missingPeer(...pythonPeers)

test('the Python handheld agrees with every vector', { skip }, async () => {
  const { code, stdout } = await runPython('selftest.py')
  assert.equal(code, 0, stdout)
  assert.match(stdout, /[1-9]\d* good, 0 bad/)
})

test('the Python handheld on a server that allows AES and Triple DES', { skip }, async (t) => {
  const postkey = await startPostkey(t, { set: ['activation.algorithms=aes,3des'] })
  for (const [suite, algorithm] of [
    ['both', 'AES'],
    ['3des', '3DES'],
  ] as const) {
    await t.test(`activates with ${algorithm} where it offers ${suite}`, async (t) => {
      const email = `${suite}@example.test`
      const ended = await activatePython(
        postkey,
        temporaryDirectory(t),
        { email, password: await postkey.addUser(email) },
        suite,
      )
      assert.deepEqual(ended.shown, goodScreens(email), ended.stderr)
      assert.deepEqual([ended.exit, ended.outcome?.ok], [0, true])
      assert.equal(await algorithmOf(postkey, email), algorithm)
    })
  }
  await t.test(
    'with a wrong password it shows how many tries are left, and the right one still works',
    async (t) => {
      const email = 'typo@example.test'
      const password = await postkey.addUser(email)
      const directory = temporaryDirectory(t)
      const wrong = await activatePython(postkey, directory, { email, password: `${password}x` }, 'aes')
      assert.deepEqual(
        wrong.shown,
        ['Activating', 'Verifying Encryption', 'The activation password is not right. 4 tries left.'],
        wrong.stderr,
      )
      assert.deepEqual([wrong.exit, wrong.outcome?.ok, wrong.outcome?.code], [1, false, 'E10'])
      const right = await activatePython(postkey, directory, { email, password }, 'aes')
      assert.deepEqual(right.shown, goodScreens(email), right.stderr)
    },
  )
})

test('the Python handheld on a server that allows Triple DES alone', { skip }, async (t) => {
  const postkey = await startPostkey(t, { set: ['activation.algorithms=3des'] })
  const email = 'carol@example.test'
  const typed = { email, password: await postkey.addUser(email) }
  const ended = await activatePython(postkey, temporaryDirectory(t), typed, 'both')
  assert.deepEqual(ended.shown, goodScreens(email), ended.stderr)
  assert.equal(await algorithmOf(postkey, email), '3DES')
})

const algorithmOf = async (postkey: Postkey, email: string): Promise<string | null> =>
  (await (await postkey.admin()).activations.show(email)).algorithm
