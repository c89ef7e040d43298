/** Keys of handhelds as an administrator meets them: algorithm, ML-KEM, and a rollover of a handheld that is on the air. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import type { KeyView } from '#admin/views-keys.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { runHandheld } from '#handheld/run.ts'
import { memoryStorage } from '#handheld/storage.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { scrape, withHttp } from '../support/metrics.ts'
import { activate, relayTrust, startPostkey } from '../support/postkey.ts'

const alice = 'alice@example.test'

test('a server that demands ML-KEM gives its handhelds a key with it, and tells the others why they are refused', async (t) => {
  const postkey = await startPostkey(t, { set: ['activation.post_quantum=required'] })
  const password = await postkey.addUser(alice)
  const seen = new AbortController()
  const refused = await activate(postkey, alice, password, {
    postQuantum: 'off',
    signal: AbortSignal.any([seen.signal, AbortSignal.timeout(60_000)]),
    onShown: ({ code }) => code === 8 && seen.abort(),
  })
  assert.equal(refused.text, 'The server and this handheld share no encryption method.')
  const explained = await postkey.json<{ activation: { code: string } }>('activation', 'explain', alice)
  assert.equal(explained.activation.code, 'request.no_post_quantum')
  const outcome = await activate(postkey, alice, password, { postQuantum: 'required' })
  assert.equal(outcome.code, 0)
  const [key] = await postkey.json<KeyView[]>('keys', 'list')
  assert.deepEqual([key?.pin, key?.user, key?.hybrid, key?.algorithm], [outcome.pin, alice, true, 'AES'])
})

test('keys roll gives a handheld on the air another key, and keys list says so', async (t) => {
  const postkey = await startPostkey(t, { set: withHttp })
  const kept = memoryStorage()
  const outcome = await activate(postkey, alice, await postkey.addUser(alice), { storage: kept })
  assert.equal(outcome.code, 0)
  const before = await onlyKey(postkey)
  const unknown = await postkey.cli('keys', 'roll', 'FFFFFFFF')
  assert.match(unknown.stderr, /handheld.unknown/)
  assert.equal((await postkey.json<{ pins: string[] }>('keys', 'roll', 'all')).pins[0], outcome.pin)
  assert.match((await postkey.cli('keys', 'list')).stdout, /handheld’s turn|asked for/)

  const saved = await kept.load()
  assert(saved)
  const world = {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    storage: kept,
    failpoint: noFailpoint,
  }
  const listener = { acted: () => {}, broken: (error: unknown) => assert.fail(String(error)) }
  const handheld = runHandheld(saved, relayTrust(postkey), world, listener)
  t.after(() => handheld.close())
  for (;;) {
    const key = await onlyKey(postkey)
    if (key.kid !== before.kid && key.rollover === null) break
    await after(100)
  }
  const samples = await scrape(postkey)
  assert.equal(samples.get('postkey_key_rollovers_total'), 1)
  assert.equal(samples.get('postkey_key_rollovers_open'), 0)
  const now = await onlyKey(postkey)
  assert.deepEqual([now.hybrid, now.wanted, now.algorithm], [true, false, 'AES'])
  assert(now.currentSinceMs > before.currentSinceMs)
  assert.equal(handheld.state().account?.link.kid, now.kid)
})

async function onlyKey(postkey: Awaited<ReturnType<typeof startPostkey>>): Promise<KeyView> {
  const keys = await (await postkey.admin()).keys.list()
  assert.equal(keys.length, 1)
  return keys[0] as KeyView
}
