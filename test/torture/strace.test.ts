/**
 * Watches the system calls of a real server: no answer that promises to keep something leaves before the sync of
 * the commit that keeps it. One request is in flight at a time, so that an answer is known by its place even where
 * TLS hides it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import { fromHex } from '#kernel/bytes.ts'
import { mailDoneStatus } from '#protocol/mail-done.ts'
import { RawImap } from '../contract/imap-server-raw.ts'
import { makeRequest } from '../contract/relay-etp.ts'
import { m3, rawDevice, rawServer } from '../contract/relay-raw.ts'
import { newDeviceKey, relayId } from '../contract/relay-world.ts'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { eventually } from '../support/e2e-world.ts'
import { missingPeer } from '../support/peers.ts'
import { type Postkey, relayTrust, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'
import { type Answered, answersTo, type Event, newestPeer, parseTrace, straceArguments } from './trace.ts'

const skip = missingPeer('strace')
const timeout = 170_000
const each = 10
const mailsAsked = 3
const address = 'alice@example.test'

/** The agent would answer the requests: then more than one thing would be said to the handheld. */
const blindAgent: readonly string[] = [
  'agent.relay_hint=false',
  'agent.idle=false',
  'agent.poll_seconds=0',
  'agent.scan_interval_seconds=3600',
]

type Answers = Readonly<Record<'smtp' | 'append' | 'receipt' | 'mail_done', readonly Answered[]>>

test('no answer that promises to keep something leaves before it is on disk', {
  skip,
  timeout,
}, async (t) => {
  const answers = await watch(t)
  for (const [kind, all] of Object.entries(answers)) {
    const early = all.filter(({ durable }) => !durable).map(({ marker }) => `${kind} ${marker}`)
    assert.deepEqual(early, [])
    t.diagnostic(`${kind}: ${all.length} answers, each after its sync`)
  }
  assertSaid(answers)
})

test('with a database that does not wait for the disk each of them leaves too early', {
  skip,
  timeout,
}, async (t) => {
  const preload = pathToFileURL(join(import.meta.dirname, 'relaxed-sync-preload.ts')).href
  const answers = await watch(t, { NODE_OPTIONS: `--import=${preload}` })
  assertSaid(answers)
  for (const [kind, all] of Object.entries(answers)) {
    const early = all.filter(({ durable }) => !durable).length
    t.diagnostic(`${kind}: ${early} of ${all.length} answers left before a sync`)
    // A checkpoint syncs the log once in a while; with it one may be in time by luck.
    assert.ok(early >= all.length - 1, `${kind}: only ${early} of ${all.length} were found out`)
  }
})

/** They are the answers they are taken for: where nothing hides them they are read. */
function assertSaid({ smtp, append, receipt, mail_done }: Answers): void {
  assert.deepEqual(
    [smtp.length, append.length, receipt.length, mail_done.length],
    [each, each, each, mailsAsked],
  )
  for (const { answer } of smtp) assert.match(answer, /"250 2\.6\.0 Delivered as /)
  for (const { answer } of append) assert.match(answer, /OK \[APPENDUID \d+ \d+\]/)
  for (const { answer, marker } of [...receipt, ...mail_done])
    assert.notEqual(answer, '', `no answer to ${marker}`)
}

async function watch(t: TestContext, env: Record<string, string> = {}): Promise<Answers> {
  const file = join(temporaryDirectory(t), 'trace')
  const postkey = await startPostkey(t, {
    under: straceArguments(file),
    env,
    set: [`relay.id=${relayId}`, 'log.level=info', ...blindAgent],
  })
  const admin = await postkey.admin()
  await admin.users.add({ address })
  const { password } = await admin.mailboxes.generatePassword(address)
  const server = await admin.srp.add('S00000077', ['torture.test'])
  await admin.close()
  const markers = {
    smtp: await sendMails(postkey),
    append: await appendMails(postkey, password),
    ...(await useRelay(postkey, server)),
  }
  await postkey.stop()
  const { ports } = postkey
  const events = parseTrace(await wholeTrace(file))
  const of = (port: number, wanted: readonly string[]) =>
    answersTo(events, peerOf(events, port, wanted), wanted)
  return {
    smtp: of(ports.smtp, markers.smtp),
    append: of(ports.imap, markers.append),
    receipt: answersTo(events, newestPeer(events, ports.relay), markers.receipt),
    mail_done: answersTo(events, newestPeer(events, ports.relay), markers.mailDone),
  }
}

/** Where the text is to be seen, the connection is known by it. */
const peerOf = (events: readonly Event[], port: number, [marker = '']: readonly string[]): string =>
  events.find((event) => event.kind === 'read' && event.port === port && event.text.includes(marker))?.peer ??
  ''

const markersOf = (kind: string): string[] =>
  Array.from({ length: each }, (_, i) => `${kind}-marker-${i + 10}`)

/** A page of the database may end in the middle of one marker, not of all three. */
const messageWith = (marker: string): string =>
  `From: a@client.test\r\nSubject: ${marker}\r\n\r\n${`${marker} ${'.'.repeat(70)}\r\n`.repeat(2)}`

async function sendMails(postkey: Postkey): Promise<string[]> {
  const smtp = await RawSmtp.connect(postkey.ports.smtp)
  const markers = markersOf('smtp')
  for (const marker of markers) {
    await smtp.upToData(address)
    assert.match(await smtp.say(`${messageWith(marker)}.`), /^250 /)
  }
  smtp.close()
  return markers
}

async function appendMails(postkey: Postkey, password: string): Promise<string[]> {
  const imap = await RawImap.connect(postkey.ports.imap)
  await imap.login({ name: address, password })
  const markers = markersOf('append')
  for (const marker of markers) await imap.ok('APPEND INBOX ', Buffer.from(messageWith(marker)))
  imap.close()
  return markers
}

async function useRelay(
  postkey: Postkey,
  { srpId, srpKey }: { readonly srpId: SrpId; readonly srpKey: string },
): Promise<{ receipt: readonly string[]; mailDone: readonly string[] }> {
  const { url, ca } = relayTrust(postkey)
  const world = { url: () => url, ca: ca ?? '' }
  const { end: server } = await rawServer(world, { srpId, srpKey: fromHex(srpKey) })
  const { end: device, ok } = await rawDevice(world, newDeviceKey())
  device.say({ type: 'dev_peers', srpIds: [srpId] })
  server.say({ type: 'srp_serve', pins: [ok.pin] })
  const sendTo = (text: string) =>
    device.send({ to: { kind: 'server', srpId }, payload: new Uint8Array([...m3, ...Buffer.from(text)]) })
  await eventually(async () => (await sendTo('lists')) === 0, 'each lists the other')
  // What comes now stays at the relay: nothing but the receipt follows from it.
  await server.leave()
  const receipt = markersOf('frame')
  for (const marker of receipt) assert.equal(await sendTo(marker.repeat(3)), 0)
  const mailDone: string[] = []
  for (let i = 0; i < mailsAsked; i += 1) {
    const request = makeRequest({ clock: { nowMs: Date.now } }, { address: address as MailAddress })
    device.say({ type: 'mail_ask', body: request.bytes })
    assert.equal((await device.next('mail_done')).status, mailDoneStatus.accepted)
    // The relay keeps the mail server's answer: it is what the last commit before `mail_done` brings.
    mailDone.push(`Delivered as ${[...postkey.log().matchAll(/"id":"([\w-]{36})"/g)].at(-1)?.[1]}`)
  }
  await device.leave()
  return { receipt, mailDone }
}

/** strace ends a little after the server. */
async function wholeTrace(file: string): Promise<string> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const trace = readFileSync(file, 'latin1')
    if (/\+\+\+ (exited|killed)[^\n]*\+\+\+\n$/.test(trace) || Date.now() > deadline) return trace
    await after(50)
  }
}
