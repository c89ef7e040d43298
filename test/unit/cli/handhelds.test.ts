import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Pin } from '#kernel/brand.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { startMs } from '../admin/installation.ts'
import { type Console, openConsole } from './console.ts'

const pin = '2100AB3F' as Pin
const otherPin = '2100AB40' as Pin

let site: Console

beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const show = async (which: Pin): Promise<string> => (await site.run(['handheld', 'show', which])).out

test('a replaced handheld names the one that took its place', async () => {
  const perUserMax = 1
  for (const [i, which] of [pin, otherPin].entries())
    await addHandheld(site.store, startMs + i, which, undefined, undefined, perUserMax)
  assert.match(
    await show(pin),
    /state +replaced by 2100AB40; nothing sent from here reaches it, and\s+nothing was/,
  )
  assert.match(await show(otherPin), /state +active\n/)
  assert.match(
    (await site.run(['handheld', 'list'])).out,
    /2100AB3F +hana@example.test +replaced by 2100AB40 /,
  )
})

test('a key of a handheld that works for nobody any more is not rolled over, and not because nobody knows it', async () => {
  for (const [i, which] of [pin, otherPin].entries())
    await addHandheld(site.store, startMs + i, which, undefined, undefined, 1)
  const replaced = await site.run(['keys', 'roll', pin])
  assert.equal(replaced.code, 4)
  assert.match(replaced.err, /works for nobody any more[\s\S]*handheld\.not_active/)
  assert.match((await site.run(['keys', 'roll', '2100AB41'])).err, /handheld\.unknown/)
  assert.equal((await site.run(['keys', 'roll', otherPin])).code, 0)
})

test('a lock that a handheld has taken is told with its time and who ordered it, and no more is claimed', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.run(['handheld', 'lock', pin])
  assert.doesNotMatch(await show(pin), /took a lock/, 'ordered is not taken')
  const [item] = await site.store.queue.list({ pin, limit: 1 })
  site.clock.advance(60_000)
  await site.store.queue.change({ id: item?.id ?? 0, nowMs: startMs + 60_000, state: 'out', tried: 'sent' })
  await site.store.queue.change({ id: item?.id ?? 0, nowMs: startMs + 60_000, state: 'done' })
  const words = (await show(pin)).replaceAll(/\s+/g, ' ')
  assert.match(
    words,
    /lock it took a lock 2026-01-05T14:01:00\+01:00 \(now\), ordered by os:tester; whether it was opened since is not known here/,
  )
  assert.match((await site.run(['handheld', 'list'])).out, /active, took a lock now/)
  assert.match((await site.run(['user', 'show', 'hana@example.test'])).out, /active, took a lock now/)
  site.clock.advance(60_000)
  await addHandheld(site.store, startMs + 120_001, pin)
  assert.doesNotMatch(await show(pin), /took a lock/, 'whoever activates has opened it')
})

test('a lock without a password says that it keeps nobody out', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.run(['handheld', 'lock', pin])
  await site.store.queue.change({ id: 1, nowMs: startMs, state: 'out', tried: 'sent' })
  await site.store.queue.change({ id: 1, nowMs: startMs, state: 'done', leftOut: ['password'] })
  assert.match((await show(pin)).replaceAll(/\s+/g, ' '), /it has no password: anybody opens it; whether/)
})

test('the line of the policy has its name, its number, and when it was sent and applied', async () => {
  const { userId } = await addHandheld(site.store, startMs, pin)
  const policy = async () =>
    /policy {2,}(.*?) books /s.exec(
      (await show(pin)).replaceAll(/\s+/g, ' ').replace(' policy ', ' policy  '),
    )?.[1]
  assert.equal(
    await policy(),
    'default: number 1, sent, applied, as it should be',
    'nothing is known of when',
  )
  const { queue, activations } = site.store
  await queue.add([{ pin, userId, kind: 'policy', digest: 'd', nowMs: startMs }])
  assert.match(
    (await policy()) ?? '',
    /^default: number 1, applied; a newer one is on its way \(item 1\): Is about/,
  )
  const nowMs = startMs + 1_000
  const sent = { kind: 'sent', pin, what: 'policy', number: 2 } as const
  const key = { key: 'item:1', txn: null, of: 'policy', to: { pin }, payload: new Uint8Array(1) } as const
  await activations.commit({
    nowMs,
    addDeliveries: [{ ...key, until: 'answer', firstAtMs: nowMs, endsAtMs: nowMs + 9 }],
    account: sent,
    item: { id: 1, nowMs, state: 'out', number: 2, deliveryKey: 'item:1', tried: 'sent' },
  })
  await activations.commit({
    nowMs: nowMs + 1_000,
    account: { ...sent, kind: 'applied' },
    item: { id: 1, nowMs: nowMs + 1_000, state: 'done' },
  })
  site.clock.advance(62_000)
  assert.equal(
    await policy(),
    'default: number 2, sent 2026-01-05T14:00:01+01:00 (1 min ago), applied 2026-01-05T14:00:02+01:00 (1 min ago), as it should be',
  )
  assert.match(await show(pin), /books +set 1 registered, as it should be/)
})

test('a password for a user who has a handheld says which one gives way, and that nobody wipes it', async () => {
  await addHandheld(site.store, startMs, pin)
  const hana = 'hana@example.test'
  const warning =
    /takes the place of 2100AB3F, which is not wiped by that\. .* postkey handheld wipe 2100AB3F\n/
  const generated = await site.run(['password', 'generate', hana])
  assert.match(generated.err, warning)
  assert.match((await site.run(['password', 'set', hana], { stdin: 'a password of mine' })).err, warning)
  const [issued] = JSON.parse(`[${(await site.run(['password', 'generate', hana, '-o', 'json'])).out}]`)
  assert.deepEqual(issued.givingWay, [pin])
  const bulk = await site.run(['password', 'generate', '--csv', '-', '--replace'], { stdin: hana })
  assert.match(bulk.err, /For 1 user the next handheld takes the place/)
  const itself = await site.run(['password', 'generate', hana, '--pin', pin])
  assert.doesNotMatch(itself.err, /takes the place/, 'it takes its own')
})

test('where a user may have two handhelds only the oldest gives way', async () => {
  const two = openConsole({ handheldsPerUser: 2 })
  await addHandheld(two.store, startMs, pin)
  assert.doesNotMatch((await two.run(['password', 'generate', 'hana@example.test'])).err, /the place of/)
  await addHandheld(two.store, startMs + 1, otherPin)
  const { err } = await two.run(['password', 'generate', 'hana@example.test'])
  assert.deepEqual(err.match(/the place of \w+/g), ['the place of 2100AB3F'])
  await two.close()
})

test('a new password for a lock is asked for twice, and one that the policy does not allow goes nowhere', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.run(['policy', 'set', 'default', 'password_min_length=8', 'password_pattern=1'])
  const lock = (...typed: string[]) => {
    const asked: string[] = []
    const password = async (question: string) => {
      asked.push(question)
      return typed[asked.length - 1] ?? null
    }
    const prompts = { password, text: async () => null, confirm: async () => false }
    return site
      .run(['handheld', 'lock', pin, '--set-password'], { prompts })
      .then((done) => ({ ...done, asked }))
  }
  const differs = await lock('quiet boat 7', 'quiet boat 8')
  assert.deepEqual([differs.code, differs.asked.length], [2, 2])
  const short = await lock('boat', 'boat')
  assert.equal(short.code, 2)
  assert.match(
    short.err,
    /2100AB3F wants at least 8 characters; letters and digits\)[\s\S]*handheld\.password_unfit/,
  )
  const commands = async () =>
    (await site.store.queue.list({ pin, limit: 9 })).filter(({ kind }) => kind === 'command')
  assert.deepEqual(await commands(), [])
  assert.equal((await lock('quiet boat 7', 'quiet boat 7')).code, 0)
  assert.equal((await commands()).length, 1)
})

test('what is queued while no server runs says that it waits for one', async () => {
  const alone = openConsole({ agentRuns: () => false })
  await addHandheld(alone.store, startMs, pin)
  const { out } = await alone.run(['handheld', 'lock', pin])
  assert.match(
    out,
    /says +Is queued, and goes when the server runs again\.\n +next +Start it: `postkey serve`\.\n/,
  )
  assert.match(
    (await alone.run(['handheld', 'show', pin])).out,
    /Is queued, and goes when the server runs again\.\n$/,
  )
  await alone.close()
})

test('another PIN than the one to be wiped is called that, and nothing is done', async () => {
  await addHandheld(site.store, startMs, pin)
  const prompts = { password: async () => null, text: async () => otherPin, confirm: async () => false }
  const { code, err } = await site.run(['handheld', 'wipe', pin], { prompts })
  assert.equal(code, 2)
  assert.match(err, /not the name that was asked for: nothing was done\. \(that is not 2100AB3F\)/)
  assert.match(err, /code +admin\.not_confirmed/)
  assert.deepEqual(await site.store.queue.list({ pin, limit: 1 }), [])
})

test('whoever may not wipe is told so before anything is asked, and by a dry run as well', async () => {
  await addHandheld(site.store, startMs, pin)
  const { token } = await site.admin.tokens.add({ name: 'desk', role: 'helpdesk', hours: 1 })
  const env = { POSTKEY_TOKEN: token }
  const never = async () => assert.fail('a question in vain')
  const prompts = { password: never, text: never, confirm: never }
  const { code, err } = await site.run(['handheld', 'wipe', pin], { env, prompts })
  assert.equal(code, 77)
  assert.match(err, /handhelds\.wipe by helpdesk\)[\s\S]*admin\.not_allowed/)
  const noted = async () => (await site.run(['audit', 'list', '--what', 'handhelds', '--by', 'desk'])).out
  assert.match(await noted(), /token:desk +handhelds\.wipe +2100AB3F +admin\.not_allowed\n$/)
  const dry = await site.run(['handheld', 'wipe', pin, '--dry-run'], { env })
  assert.match(dry.out, /Your role \(helpdesk\) may not do this\. A dry run/)
  assert.equal((await site.run(['handheld', 'wipe', pin, '--yes'], { env })).code, 77, 'the server judges')
})

test('a handheld that works for nobody is neither wiped nor removed, on a dry run as little as else', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.store.handhelds.end(pin, 'removed', startMs)
  for (const verb of ['wipe', 'remove'])
    for (const how of ['--dry-run', '--yes']) {
      const { code, err } = await site.run(['handheld', verb, pin, how])
      assert.deepEqual([code, /handheld\.not_active/.test(err)], [4, true], `${verb} ${how}`)
    }
})

test('whoever may not set a password types none in vain', async () => {
  const { token } = await site.admin.tokens.add({ name: 'reader', role: 'auditor', hours: 1 })
  const never = async () => assert.fail('a question in vain')
  const prompts = { password: never, text: never, confirm: never }
  for (const line of [
    `handheld lock ${pin} --set-password`,
    'account add maria --role helpdesk',
    'account set-password maria',
    'user mailbox-password alice@example.test',
    'password set alice@example.test',
  ]) {
    const { code, err } = await site.run(line.split(' '), { env: { POSTKEY_TOKEN: token }, prompts })
    assert.deepEqual([code, /admin\.not_allowed/.test(err)], [77, true], line)
  }
})

test('a wipe says beforehand when it begins and which commands give way to it', async () => {
  await addHandheld(site.store, startMs, pin)
  const dry = async (...options: string[]) =>
    (await site.run(['handheld', 'wipe', pin, '--dry-run', ...options])).out
  assert.match(
    await dry(),
    /^Erases everything on handheld 2100AB3F \([^)]*\) of hana@example\.test\.\nA dry run/,
  )
  await site.run(['handheld', 'owner-text', pin, 'Hana'])
  await site.run(['handheld', 'lock', pin])
  const gives = 'Takes the place of what waits for it: (lock, set owner|set owner, lock)\\.\\n'
  assert.match(await dry('--after', '1'), new RegExp(`test, 1 minute after it has the command\\. ${gives}`))
  let asked = ''
  const text = async (question: string) => {
    asked = question
    return null
  }
  const prompts = { password: async () => null, text, confirm: async () => false }
  await site.run(['handheld', 'wipe', pin, '--organisation-only', '--after', '60'], { prompts })
  assert.match(
    asked,
    /^Erases the organisation’s data on .*, 60 minutes after it has the command\. Takes .* Type 2100AB3F/,
  )
})

test('who removes a user is told beforehand which wipe will not come any more', async () => {
  await addHandheld(site.store, startMs, pin)
  const dry = async () => (await site.run(['user', 'remove', 'hana@example.test', '--dry-run'])).out
  assert.match(await dry(), /^Removes hana@example\.test with passwords, keys and 1 handheld\.\nA dry run/)
  await site.run(['handheld', 'wipe', pin, '--yes'])
  assert.match(
    await dry(),
    /1 handheld\. What waits for a handheld is dropped: wipe for 2100AB3F\.\nA dry run/,
  )
})
