// The administrator's HTTP listener: what one activation changes in the metrics, and whether the server is ready.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { metricNames, metricRow } from '#kernel/metric-table.ts'
import { eventually } from '../support/e2e-world.ts'
import { grown, readiness, samplesOf, scrape, scrapeText, withHttp } from '../support/metrics.ts'
import { freePorts } from '../support/ports.ts'
import { activate, type Postkey, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const alice = 'alice@example.test'

test('one activation is counted once at every hop, and no series names anybody', async (t) => {
  const postkey = await startPostkey(t, { set: withHttp })
  const password = await postkey.addUser(alice)
  const before = await scrape(postkey)
  await t.test('every series is there from the start', () => {
    for (const name of metricNames) {
      const { type, label, values = [''] } = metricRow(name)
      for (const value of values) {
        const series =
          (type === 'histogram' ? `${name}_count` : name) + (label ? `{${label}="${value}"}` : '')
        assert(before.has(series), series)
      }
    }
  })
  const outcome = await activate(postkey, alice, password)
  assert.equal(outcome.code, 0)
  await eventually(
    async () => (await scrape(postkey)).get('postkey_deliveries_waiting') === 0,
    'all acknowledged',
  )
  const after = await scrape(postkey)
  await t.test('each stage was reached once, each was left once, and it ended well', () => {
    const names = [
      'postkey_activations_total',
      'postkey_activation_endings_total',
      'postkey_activation_duration_seconds_count',
    ]
    assert.deepEqual(grown(before, after, names), {
      'postkey_activations_total{stage="activating"}': 1,
      'postkey_activations_total{stage="verifying_encryption"}': 1,
      'postkey_activations_total{stage="waiting_for_services"}': 1,
      'postkey_activations_total{stage="services_received"}': 1,
      'postkey_activations_total{stage="activation_complete"}': 1,
      'postkey_activation_endings_total{outcome="complete"}': 1,
      postkey_activation_duration_seconds_count: 1,
    })
  })
  await t.test('one mail was handed over, taken and read', () => {
    const names = ['postkey_relay_mails_total', 'postkey_smtp_messages_total']
    assert.deepEqual(grown(before, after, names), {
      'postkey_relay_mails_total{outcome="accepted"}': 1,
      'postkey_smtp_messages_total{outcome="250"}': 1,
    })
    const seen = Object.values(grown(before, after, ['postkey_mails_seen_total']))
    assert.deepEqual(seen, [1])
  })
  await t.test('one handheld is at work, and owes nothing', () => {
    const values = [
      'handhelds_active',
      'handhelds_cut_off',
      'queue_items_waiting',
      'queue_items_stopped',
    ].map((name) => after.get(`postkey_${name}`))
    assert.deepEqual(values, [1, 0, 0, 0])
  })
  await t.test('frames, receipts, commits and log-ins were counted', () => {
    const names = [
      'postkey_relay_frames_total',
      'postkey_receipts_total',
      'postkey_store_commit_duration_seconds_count',
      'postkey_scans_total',
    ]
    const counts = grown(before, after, names)
    for (const series of [
      'postkey_relay_frames_total{direction="to_device"}',
      'postkey_relay_frames_total{direction="to_server"}',
      'postkey_receipts_total{outcome="delivered"}',
      'postkey_store_commit_duration_seconds_count',
      'postkey_scans_total{outcome="ok"}',
    ])
      assert((counts[series] ?? 0) > 0, `${series}: ${counts[series]}`)
    assert((after.get('postkey_imap_logins_total{outcome="ok"}') ?? 0) > 0)
    assert.equal(after.get('postkey_relay_sessions{role="server"}'), 1)
    assert.equal(after.get('postkey_relay_connected'), 1)
    const lookedMs = (after.get('postkey_mailbox_last_success_timestamp_seconds') ?? 0) * 1000
    assert(Math.abs(Date.now() - lookedMs) < 60_000, String(lookedMs))
  })
  await t.test('the log tells of the activation under one id, in every role that had to do with it', () => {
    const lines = postkey
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const own = lines.filter(({ activation }) => activation === outcome.txn)
    assert.deepEqual([...new Set(own.map(({ role }) => role))].sort(), ['agent', 'relay'])
    const stages = own.filter(({ message }) => message === 'an activation went on').map(({ stage }) => stage)
    assert.deepEqual(stages, [
      'activating',
      'verifying_encryption',
      'waiting_for_services',
      'activation_complete',
    ])
    const about =
      /activation mail|request was found|work (?:done|failed)|activation went on|event of an activation/
    for (const { message, activation } of lines)
      if (about.test(String(message))) assert.equal(activation, outcome.txn, String(message))
  })
  await t.test('no label carries a user, an address, a PIN or an activation', async () => {
    const text = await scrapeText(postkey)
    for (const secret of [alice, 'alice', '@', outcome.pin ?? '', outcome.txn ?? '', password])
      assert(secret !== '' && !text.includes(secret), secret)
    const allowed = /^(?:stage|outcome|direction|role|strategy|le)$/
    const ofLibrary = /^postkey_(?:nodejs|process)_/
    for (const series of samplesOf(text).keys())
      for (const [, label] of series.matchAll(/[{,]([a-z_]+)="/g))
        assert(ofLibrary.test(series) || allowed.test(label ?? ''), series)
  })
})

test('the server is not ready while IMAP or the relay is away, says which, and is ready again', async (t) => {
  const site = await startApart(t)
  const { agent } = site
  await untilStatus(agent, 200)
  for (const [role, name, code] of [
    ['imap', 'imap', 'imap.unreachable'],
    ['relay', 'relay', 'relay.unreachable'],
  ] as const) {
    await site.stop(role)
    await untilStatus(agent, 503)
    const { ready, dependencies } = await readiness(agent)
    assert.equal(ready, false)
    assert.deepEqual(
      dependencies.filter(({ ok }) => !ok).map(({ name, code }) => [name, code]),
      [[name, code]],
    )
    await site.start(role)
    await untilStatus(agent, 200)
  }
  const live = await fetch(`http://127.0.0.1:${agent.ports.http}/livez`)
  assert.deepEqual([live.status, await live.text()], [200, 'ok\n'])
})

/** A server that lost its relay leaves it alone for a while, longer each time. */
async function untilStatus(agent: Postkey, status: 200 | 503): Promise<void> {
  const endMs = Date.now() + 45_000
  for (;;) {
    const found = await readiness(agent)
    if (found.status === status) return
    assert(Date.now() < endMs, `not ${status}: ${JSON.stringify(found)}`)
    await setTimeout(100)
  }
}

interface Apart {
  readonly agent: Postkey
  start(role: 'imap' | 'relay'): Promise<void>
  /** Without a word: one that says goodbye is left alone for up to half a minute. */
  stop(role: 'imap' | 'relay'): Promise<void>
}

/** IMAP, relay and agent as processes of their own on one directory. */
async function startApart(t: TestContext): Promise<Apart> {
  const [smtp, imap, imapTls, relay] = await freePorts(4)
  const data = temporaryDirectory(t)
  const set = [
    `smtp.port=${smtp}`,
    `imap_server.port=${imap}`,
    `imap_server.tls_port=${imapTls}`,
    `relay.port=${relay}`,
  ]
  const run = (command: string, ...more: string[]) =>
    startPostkey(t, { command, data, set: [...set, ...more] })
  const running = new Map<string, Postkey>()
  const start = async (role: 'imap' | 'relay') => void running.set(role, await run(role))
  await start('imap')
  await start('relay')
  return {
    agent: await run('agent', ...withHttp),
    start,
    stop: async (role) => void (await running.get(role)?.kill()),
  }
}
