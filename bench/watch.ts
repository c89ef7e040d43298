/** The watch ladder on thousands of Dovecot mailboxes: each rung against the same commands without an agent. */
import { ImapFlow } from 'imapflow'
import { startWatching } from '#agent/watching.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { heapBytes } from '../test/support/heap.ts'
import { missingPeer } from '../test/support/peers.ts'
import { allLookedAt, type Detection, detect, hinted, nothingElse, p50, pushed } from './support/detection.ts'
import { ImapClient } from './support/imap-client.ts'
import { inLanes, type MailSite, startMailSite } from './support/many-mailboxes.ts'
import {
  alone,
  atLeast,
  compared,
  limited,
  median,
  type Part,
  type PartOptions,
  quantile,
  type Row,
} from './support/part.ts'
import { inTurn } from './support/rounds.ts'
import { agentParts, type Passes, startPasses } from './support/watch-agent.ts'

const quickMailboxes = 200
const wholeMailboxes = 10_000
const statusConnections = 4
const counters = '(UIDVALIDITY UIDNEXT MESSAGES)'
const newMail = 'From: somebody@example.test\r\nSubject: A new mail\r\n\r\nHello again.\r\n'

export const part: Part = {
  about: 'the watch ladder on thousands of Dovecot mailboxes, each rung against its raw commands',
  run: async (options) => {
    const missing = missingPeer('dovecot')
    if (missing !== false) {
      options.say(`left out: ${missing}`)
      return []
    }
    const count = options.mailboxes ?? (options.quick ? quickMailboxes : wholeMailboxes)
    options.say(`making ${count} mailboxes`)
    const site = await startMailSite(count)
    try {
      const rows: Row[] = []
      rows.push(await listStatus(options, site), await status(options, site))
      rows.push(await hits(options, site), await logins(options, site))
      rows.push(...(await restart(options, site)), ...(await detections(options, site)))
      return rows
    } finally {
      await site.stop()
    }
  },
}

const name = (owner: MailAddress): string => `"all/${owner}"`
const rounds = ({ quick }: PartOptions): number => (quick ? 5 : 7)

async function rawClient({ dovecot }: MailSite): Promise<ImapClient> {
  const client = await ImapClient.connect(dovecot.imapPort)
  const { user, pass } = dovecot.serviceAccount
  await client.ask(`LOGIN ${user} "${pass}"`)
  return client
}

/** Mailboxes a second. */
async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now()
  await work()
  return (count * 1000) / (performance.now() - begunMs)
}

async function withPasses<T>(
  site: MailSite,
  connections: number,
  without: Parameters<typeof startPasses>[2],
  work: (passes: Passes) => Promise<T>,
): Promise<T> {
  const agent = agentParts(site.dovecot, site.owners)
  const passes = await startPasses(agent.parts, connections, without)
  try {
    // The first look reads every mailbox, and lets the server make its indexes.
    await passes.lookAtAll()
    return await work(passes)
  } finally {
    await passes.close()
    await agent.close()
  }
}

async function listStatus(options: PartOptions, site: MailSite): Promise<Row> {
  const raw = await rawClient(site)
  const list = `LIST "" "all/%" RETURN (STATUS ${counters})`
  const many = site.owners.length
  const figures = await withPasses(site, 1, {}, (passes) =>
    inTurn(options, rounds(options), {
      raw: () => rate(many, () => raw.ask(list)),
      agent: () => rate(many, passes.lookAtAll),
    }),
  )
  raw.close()
  return compared({
    name: `LIST-STATUS pass over ${many} mailboxes, one connection`,
    unit: 'mailboxes/s',
    values: figures.agent,
    floors: figures.raw,
    floor: 'the same LIST alone',
    work: many * rounds(options),
    target: atLeast(0.7),
  })
}

async function status(options: PartOptions, site: MailSite): Promise<Row> {
  const raws = await Promise.all(Array.from({ length: statusConnections }, () => rawClient(site)))
  const many = site.owners.length
  const share = Math.ceil(many / raws.length)
  const commands = raws.map((_, at) =>
    site.owners.slice(at * share, (at + 1) * share).map((owner) => `STATUS ${name(owner)} ${counters}`),
  )
  const ask = () => Promise.all(raws.map((raw, at) => raw.askAll(commands[at] ?? [])))
  const figures = await withPasses(site, statusConnections, { listStatus: false }, (passes) =>
    inTurn(options, rounds(options), {
      raw: () => rate(many, ask),
      agent: () => rate(many, passes.lookAtAll),
    }),
  )
  for (const raw of raws) raw.close()
  return compared({
    name: `STATUS of ${many} mailboxes, ${statusConnections} connections`,
    unit: 'mailboxes/s',
    values: figures.agent,
    floors: figures.raw,
    floor: 'the same STATUS commands, pipelined',
    work: many * rounds(options),
    target: atLeast(0.7),
  })
}

/** Each round has mailboxes of its own, with one new mail each, for the agent and for the raw client. */
async function hits(options: PartOptions, site: MailSite): Promise<Row> {
  const many = Math.min(500, Math.floor(site.owners.length / 4))
  const raw = await rawClient(site)
  let at = 0
  const fresh = async (): Promise<readonly MailAddress[]> => {
    const owners = Array.from(
      { length: many },
      (_, i) => site.owners[(at + i) % site.owners.length] as MailAddress,
    )
    at += many
    await inLanes(owners, (owner) => site.deliver(owner, newMail))
    return owners
  }
  const look = (owner: MailAddress): readonly string[] => [
    `EXAMINE ${name(owner)}`,
    'UID FETCH 2:* (UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT X-MDAP-MESSAGE)])',
  ]
  const figures = await withPasses(site, 1, {}, (passes) =>
    inTurn(options, rounds(options), {
      raw: async () => {
        const owners = await fresh()
        return rate(many, () => raw.askAll(owners.flatMap(look)))
      },
      agent: async () => {
        const owners = await fresh()
        return rate(many, () => passes.read(owners))
      },
    }),
  )
  raw.close()
  return compared({
    name: `reading ${many} mailboxes with a new mail each, one connection`,
    unit: 'mailboxes/s',
    values: figures.agent,
    floors: figures.raw,
    floor: 'EXAMINE and FETCH, pipelined',
    work: many * rounds(options),
    target: atLeast(0.6),
  })
}

/** What an agent that starts again has to read, and what it keeps in memory for each mailbox. */
async function restart(options: PartOptions, site: MailSite): Promise<Row[]> {
  const many = site.owners.length
  const grown: number[] = []
  const read: number[] = []
  for (let round = 0; round < (options.quick ? 1 : 3); round += 1) {
    const before = await heapBytes()
    const agent = agentParts(site.dovecot, site.owners)
    const watch = async () => {
      const watching = startWatching(agent.parts, nothingElse)
      await allLookedAt(watching, many)
      return watching
    }
    await (await watch()).close()
    const again = await watch()
    grown.push(((await heapBytes()) - before) / many)
    read.push(again.poolStats().queued)
    await again.close()
    await agent.close()
  }
  return [
    limited('memory for each watched mailbox', 'bytes', grown, many, 2_048),
    limited('FETCHes of the first pass after a restart', 'FETCHes', read, many, 0),
  ]
}

async function detections(options: PartOptions, site: MailSite): Promise<Row[]> {
  const mails = options.quick ? 8 : 200
  const live = site.owners.slice(0, mails)
  const rows: Row[] = []
  const told: Readonly<Record<string, Pick<Detection, 'options' | 'tell'>>> = {
    "the relay's hint": { options: { relayHint: true }, tell: hinted },
    'the push hook': { options: { pushHook: true }, tell: pushed },
    IDLE: { options: { idleConnectionsMax: mails }, tell: () => {} },
  }
  for (const [name, how] of Object.entries(told)) {
    options.say(`mails found by ${name}`)
    const { delaysMs, missed } = await detect(site, { ...how, live, mails, pauseMsMax: 40 }, Math.random)
    rows.push(...detected(name, delaysMs, missed, name === 'IDLE' ? null : 50))
  }
  const pollMs = 1_000
  const many = options.quick ? 20 : 1_000
  options.say(`${many} mails at random moments, found by LIST-STATUS alone`)
  const nobody = { live: live.slice(0, 1), mails: many, pauseMsMax: options.quick ? 40 : 120, tell: () => {} }
  const { delaysMs, missed, passesMs } = await detect(site, { ...nobody, options: { pollMs } }, Math.random)
  // The mails' own delivery takes the server's time as well: the passes are those of these minutes.
  const passMs = median(passesMs)
  const bound = passMs / 2 + Math.max(pollMs, 2 * passMs) / 2 + 200
  return [
    ...rows,
    alone('LIST-STATUS pass while mails come', 'ms', passesMs, passesMs.length),
    ...detected('LIST-STATUS alone', delaysMs, missed, bound),
  ]
}

function detected(by: string, delaysMs: readonly number[], missed: number, most: number | null): Row[] {
  const name = `mail found by ${by}, p50`
  return [
    most === null
      ? alone(name, 'ms', [p50(delaysMs)], delaysMs.length)
      : limited(name, 'ms', [p50(delaysMs)], delaysMs.length, most),
    alone(`mail found by ${by}, p99`, 'ms', [quantile(delaysMs, 0.99)], delaysMs.length),
    limited(`mails missed by ${by}`, 'mails', [missed], delaysMs.length, 0),
  ]
}

/** What somebody would write first: a log-in for each user, with a mail library. */
async function logins(options: PartOptions, site: MailSite): Promise<Row> {
  const some = site.owners.slice(0, options.quick ? 8 : 100)
  const each = async (): Promise<void> => {
    for (const owner of some) await statusByLogin(site, owner)
  }
  const figures = await withPasses(site, 1, {}, (passes) =>
    inTurn(options, 5, {
      logins: () => rate(some.length, each),
      agent: () => rate(site.owners.length, passes.lookAtAll),
    }),
  )
  return compared({
    name: 'LIST-STATUS pass against a log-in for each user',
    unit: 'mailboxes/s',
    values: figures.agent,
    floors: figures.logins,
    floor: 'imapflow, a log-in and a STATUS each',
    work: site.owners.length * figures.agent.length,
    target: atLeast(20),
  })
}

async function statusByLogin({ dovecot }: MailSite, owner: MailAddress): Promise<void> {
  const { user, pass } = dovecot.serviceAccount
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass, authzid: owner, loginMethod: 'AUTH=PLAIN' },
    logger: false,
    disableAutoIdle: true,
    disableAutoEnable: true,
  })
  await client.connect()
  await client.status('INBOX', { uidNext: true, uidValidity: true, messages: true })
  await client.logout()
}
