import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeCa, makePolicySigner } from '#crypto/certificate.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { type ActivateOptions, activateHandheld } from '#handheld/activate.ts'
import { openHandheldDirectory, readHandheld } from '#handheld/file.ts'
import { parseRelayId } from '#kernel/brand.ts'
import { Fault, faultCodeOf, faultRow } from '#kernel/fault.ts'
import { signItAdmin } from '../../support/sign-it-admin.ts'
import { relayDouble } from './relay-double.ts'
import { testStretching } from './server-double.ts'
import { address, known, password, script } from './world.ts'

const relay = { url: 'ws://127.0.0.1:1', relayId: known(parseRelayId('relay.example.test')) }

let ca = new Uint8Array(0)
let sign = (content: Uint8Array): Uint8Array => content
let dir = ''

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postkey-handheld-'))
  const nowMs = systemClock.nowMs()
  const terms = async () => ({ keyPem: await newRsaKey(2048), nowMs, years: 1, random: systemRandom })
  const [caTerms, signerTerms] = await Promise.all([terms(), terms()])
  const made = makeCa({ commonName: 'Test CA', organisation: 'Example' }, caTerms)
  const signer = makePolicySigner(
    { certificatePem: made.pem, keyPem: caTerms.keyPem },
    'Example',
    signerTerms,
  )
  ca = Uint8Array.from(made.der)
  sign = (content) => signItAdmin(content, { certificatePem: signer.pem, keyPem: signerTerms.keyPem }, nowMs)
})
after(() => rm(dir, { recursive: true }))

const double = (fields: Parameters<typeof script>[0] = {}) =>
  relayDouble({ clock: systemClock, serverOf: () => script({ ca, ...fields }), sign })

function options(fields: Partial<ActivateOptions> & Pick<ActivateOptions, 'dial'>): ActivateOptions {
  return {
    relay,
    clock: systemClock,
    random: systemRandom,
    typed: { email: 'Alice@Example.test', password: 'Quiet Paper-Boat' },
    stretching: testStretching,
    ...fields,
  }
}

for (const suites of [[1], [2, 1]] as const)
  test(`a handheld activates over a link, offering ${suites.join(' and ')}`, async () => {
    const { dial, frames, acked } = double({ suite: suites[0] })
    const stages: string[] = []
    const outcome = await activateHandheld(options({ dial, suites, onStage: (stage) => stages.push(stage) }))
    assert.equal(outcome.code, 0)
    assert.deepEqual(
      outcome.shown.map(({ text }) => text),
      [
        'Activating',
        'Verifying Encryption',
        'Encryption Verified. Waiting for Services.',
        'Services Received',
        'Your email address, <alice@example.test> is now enabled. Synchronization service Desktop [S00000001]',
        'Activation Complete',
      ],
    )
    assert.deepEqual(stages, ['mailing', 'waiting', 'proving', 'confirming', 'provisioning', 'active'])
    assert.equal(outcome.pin, '21000000')
    assert(outcome.shown.every(({ atMs }, i, all) => atMs >= (all[i - 1]?.atMs ?? 0)))
    assert(frames.some(({ type }) => type === 'dev_peers'))
    assert(acked.size >= 5)
  })

test('a policy signed under another CA is refused, and the handheld says so', async () => {
  const { dial } = double({ ca: (await otherCa()).der })
  const stop = new AbortController()
  const outcome = await activateHandheld(
    options({ dial, signal: stop.signal, onShown: ({ code }) => code === 31 && stop.abort() }),
  )
  assert.equal(outcome.code, 'interrupted')
  assert.equal(outcome.stage, 'provisioning')
  assert.equal(outcome.text, 'A policy from your organisation could not be verified and was not applied.')
})

async function otherCa() {
  const terms = { keyPem: await newRsaKey(2048), nowMs: systemClock.nowMs(), years: 1, random: systemRandom }
  return makeCa({ commonName: 'Test CA', organisation: 'Example' }, terms)
}

test('a wrong password ends with E10 and the tries that are left', async () => {
  const { dial } = double({ password: 'something else' })
  const outcome = await activateHandheld(options({ dial }))
  assert.equal(outcome.code, 10)
  assert.equal(outcome.text, 'The activation password is not right. 4 tries left.')
  assert.equal(outcome.stage, 'failed')
})

for (const [close, code] of [
  [4403, 20],
  [4404, 20],
  [4409, 20],
  [4426, 7],
] as const)
  test(`a relay that closes with ${close} ends the program with E${code}, and the run goes on at the next start`, async () => {
    const home = join(dir, `closed-${close}`)
    const relayEnd = double()
    relayEnd.refuse = close
    const storage = await openHandheldDirectory(home)
    const outcome = await activateHandheld(options({ dial: relayEnd.dial, storage }))
    assert.equal(outcome.code, code)
    assert.equal(outcome.stage, 'mailing')
    relayEnd.refuse = null
    const again = await activateHandheld(
      options({ dial: relayEnd.dial, storage: await openHandheldDirectory(home), typed: null }),
    )
    assert.equal(again.code, 0)
  })

test('a relay that refuses one log-in (4401) is told with E20, and the next one goes on', async () => {
  const relayEnd = double()
  relayEnd.refuse = 4401
  const outcome = await activateHandheld(
    options({
      dial: relayEnd.dial,
      onShown: ({ code }) => {
        if (code === 20) relayEnd.refuse = null
      },
    }),
  )
  assert.equal(outcome.code, 0)
  assert.ok(outcome.shown.some(({ code }) => code === 20))
})

test('an empty password is refused with words, before anything is sent', async () => {
  const relayEnd = double()
  const typed = { email: 'user.one@example.com', password: ' - ' }
  await assert.rejects(activateHandheld(options({ dial: relayEnd.dial, typed })), (error) => {
    assert(error instanceof Fault)
    assert.equal(error.code, 'password.unusable')
    assert.match(faultRow(error.code).says, /it is empty/)
    return true
  })
  assert.deepEqual(relayEnd.frames, [])
})

test('an activation that was interrupted goes on without a password', async () => {
  const home = join(dir, 'resumed')
  const stop = new AbortController()
  const relayEnd = double()
  const first = await activateHandheld(
    options({
      dial: relayEnd.dial,
      storage: await openHandheldDirectory(home),
      signal: stop.signal,
      onStage: (stage) => stage === 'proving' && stop.abort(),
    }),
  )
  assert.equal(first.code, 'interrupted')
  const second = await activateHandheld(
    options({ dial: relayEnd.dial, storage: await openHandheldDirectory(home), typed: null }),
  )
  assert.equal(second.code, 0)
  assert.equal(second.txn, first.txn)
  const third = await activateHandheld(
    options({ dial: relayEnd.dial, storage: await openHandheldDirectory(home), typed: null }),
  )
  assert.deepEqual([third.code, third.text], [0, 'Activation Complete'])
})

test('the address that is under way goes on, and the password is not even asked for', async () => {
  const home = join(dir, 'same-address')
  const stop = new AbortController()
  const relayEnd = double()
  await activateHandheld(
    options({
      dial: relayEnd.dial,
      storage: await openHandheldDirectory(home),
      signal: stop.signal,
      onStage: (stage) => stage === 'confirming' && stop.abort(),
    }),
  )
  const typed = { email: address, password: () => Promise.reject(new Error('nobody is asked')) }
  const again = options({ dial: relayEnd.dial, storage: await openHandheldDirectory(home), typed })
  assert.equal((await activateHandheld(again)).code, 0)
})

test('without an activation under way there is nothing to go on with', async () => {
  const { dial } = double()
  await assert.rejects(
    activateHandheld(options({ dial, typed: null })),
    (error) => faultCodeOf(error) === 'handheld.idle',
  )
})

test('an address or password that cannot be one is refused before anything is sent', async () => {
  const { dial, frames } = double()
  const refusals = [
    { typed: { email: 'nobody', password }, code: 'address.invalid' },
    { typed: { email: address, password: ' - ' }, code: 'password.unusable' },
  ]
  for (const { typed, code } of refusals)
    await assert.rejects(activateHandheld(options({ dial, typed })), (error) => faultCodeOf(error) === code)
  assert.deepEqual(frames, [])
})

test('another address on an active handheld needs consent', async () => {
  const home = join(dir, 'consent')
  const relayEnd = double()
  const open = async (typed: ActivateOptions['typed'], onAsk?: ActivateOptions['onAsk']) =>
    activateHandheld(
      options({
        dial: relayEnd.dial,
        storage: await openHandheldDirectory(home),
        typed,
        ...(onAsk ? { onAsk } : {}),
      }),
    )
  assert.equal((await open({ email: address, password })).code, 0)
  const bob = { email: 'bob@example.test', password }
  assert.equal((await open(bob)).code, 'asked')
  const stored = known(await readHandheld(home))
  assert.equal(known(stored.state.account).address, address)
})

test('the state file is for its owner alone, and holds no password', async () => {
  const home = join(dir, 'private')
  const { dial } = double()
  await activateHandheld(options({ dial, storage: await openHandheldDirectory(home) }))
  const path = join(home, 'handheld.json')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const text = await readFile(path, 'utf8')
  for (const secret of [password, 'Quiet']) assert(!text.includes(secret))
})

test('two processes cannot work with one handheld; a lock left by a dead one is taken over', async () => {
  const home = join(dir, 'locked')
  const first = await openHandheldDirectory(home)
  await assert.rejects(openHandheldDirectory(home), (error) => faultCodeOf(error) === 'handheld.in_use')
  await first.close()
  await writeFile(join(home, 'lock'), '4194305')
  const second = await openHandheldDirectory(home)
  await second.close()
  await assert.rejects(stat(join(home, 'lock')))
})

test('a state file that is not ours is refused, not overwritten', async () => {
  const home = join(dir, 'damaged')
  const { dial } = double()
  const storage = await openHandheldDirectory(home)
  for (const text of ['', '{', '{"format":"postkey-handheld-1"}', '{"format":"another","saved":{}}']) {
    await writeFile(join(home, 'handheld.json'), text)
    await assert.rejects(storage.load(), (error) => faultCodeOf(error) === 'handheld.damaged')
  }
  await assert.rejects(
    activateHandheld(options({ dial, storage })),
    (error) => faultCodeOf(error) === 'handheld.damaged',
  )
  await assert.doesNotReject(
    openHandheldDirectory(home).then((again) => again.close()),
    'the lock was let go of',
  )
})

test('failpoints stand around every persist and behind every send', async () => {
  const names = new Set<string>()
  const { dial } = double()
  await activateHandheld(options({ dial, failpoint: (name) => names.add(name) }))
  for (const point of [
    'request',
    'waiting',
    'm3',
    'm4',
    'key_current',
    'held',
    'policy',
    'books',
    'complete',
  ])
    for (const when of ['before', 'after']) assert(names.has(`handheld.${when}_persist_${point}`), point)
  for (const what of ['mail_ask', 'peers', 'm3', 'key_check', 'ack', 'frame_ack'])
    assert(names.has(`handheld.after_send_${what}`), what)
})

test('a handheld whose storage fails stops and says why', async () => {
  const { dial } = double()
  let saves = 0
  const storage = {
    load: async () => null,
    save: async () => {
      saves += 1
      if (saves === 3) throw new Error('disk full')
    },
    close: async () => {},
  }
  await assert.rejects(activateHandheld(options({ dial, storage })), /disk full/)
})
