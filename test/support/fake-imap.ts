/**
 * An IMAP server that lies where it is told to, mailbox by mailbox. In a mailbox without a vice it is a small honest
 * one: enough for an agent that looks, fetches and removes.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type Vice =
  /** Another UIDVALIDITY each time it is opened. */
  | 'uidvalidity'
  /** A literal that never ends. */
  | 'endless'
  /** Messages nobody asked for: UID 0, the highest there is, the same twice. */
  | 'uids'
  /** Says that a mail of megabytes has ten bytes. */
  | 'size'
  /** Takes commands and never answers. */
  | 'silent'
  /** Says goodbye in the middle of an answer. */
  | 'bye'
  /** Answers with names and tags that look like commands of ours. */
  | 'injection'
  | 'no_right'
  | 'missing'

export interface FakeImap {
  readonly port: number
  /** Puts a mail into the mailbox of this name. */
  put(name: string, raw: Buffer): void
  vice(name: string, vice: Vice): void
  /** Bytes of endless literals that were taken from it. */
  poured(): number
  /** How often a mailbox was opened. */
  opened(name: string): number
}

interface Mail {
  readonly uid: number
  readonly raw: Buffer
  readonly atMs: number
}

interface Box {
  vice: Vice | null
  mails: Mail[]
  uidNext: number
  uidValidity: number
  opened: number
}

export async function startFakeImap(t: TestContext): Promise<FakeImap> {
  const boxes = new Map<string, Box>()
  const box = (name: string): Box => {
    const known = boxes.get(name) ?? { vice: null, mails: [], uidNext: 1, uidValidity: 7, opened: 0 }
    boxes.set(name, known)
    return known
  }
  const sockets = new Set<Socket>()
  const poured = { bytes: 0 }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    converse(socket, box, poured)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    put: (name, raw) => {
      const one = box(name)
      one.mails.push({ uid: one.uidNext, raw, atMs: Date.now() })
      one.uidNext += 1
    },
    vice: (name, vice) => {
      box(name).vice = vice
    },
    poured: () => poured.bytes,
    opened: (name) => box(name).opened,
  }
}

const capability = 'CAPABILITY IMAP4rev1 UIDPLUS'

interface Talk {
  readonly say: (text: string) => void
  readonly box: (name: string) => Box
  readonly socket: Socket
  readonly poured: { bytes: number }
  open: Box | null
}

function converse(socket: Socket, box: Talk['box'], poured: Talk['poured']): void {
  const say = (text: string): void => void socket.write(`${text}\r\n`, 'latin1')
  const talk: Talk = { say, box, socket, poured, open: null }
  say(`* OK [${capability}] ready`)
  let kept = ''
  socket.on('data', (chunk: Buffer) => {
    const lines = (kept + chunk.toString('latin1')).split('\r\n')
    kept = lines.pop() ?? ''
    for (const line of lines) command(talk, line)
  })
}

type Answering = (talk: Talk, tag: string, rest: string) => void

const nameIn = (rest: string): string => /^"?([^"\s(]+)"?/.exec(rest)?.[1] ?? ''

const commands: Readonly<Record<string, Answering>> = {
  CAPABILITY: ({ say }, tag) => {
    say(`* ${capability}`)
    say(`${tag} OK done`)
  },
  LOGOUT: ({ say, socket }, tag) => {
    say('* BYE')
    say(`${tag} OK bye`)
    socket.end()
  },
  LIST: ({ say, box }, tag, rest) => {
    const name = nameIn(rest.replace(/^"" /, ''))
    if (name.startsWith('user/') && box(name).vice !== 'missing') say(`* LIST () "/" "${name}"`)
    say(`${tag} OK done`)
  },
  SELECT: (talk, tag, rest) => open(talk, tag, nameIn(rest)),
  EXAMINE: (talk, tag, rest) => open(talk, tag, nameIn(rest)),
  STATUS: (talk, tag, rest) => status(talk, tag, nameIn(rest)),
  'UID FETCH': fetch,
  'UID SEARCH': ({ say, open }, tag) => {
    say(`* SEARCH ${open?.mails.map(({ uid }) => uid).join(' ') ?? ''}`)
    say(`${tag} OK done`)
  },
  'UID EXPUNGE': ({ say, open }, tag, rest) => {
    if (open) open.mails = open.mails.filter(({ uid }) => String(uid) !== rest)
    say(`${tag} OK done`)
  },
}

function command(talk: Talk, line: string): void {
  const [, tag = '*', verb = '', rest = ''] = /^(\S+) ((?:UID )?\S+) ?(.*)$/.exec(line) ?? []
  const answer = commands[verb.toUpperCase()]
  if (answer) answer(talk, tag, rest)
  else talk.say(`${tag} OK done`)
}

/** Whether the mailbox's vice has answered already. */
function refuses({ say }: Talk, tag: string, { vice }: Box): boolean {
  if (vice === 'no_right') say(`${tag} NO [NOPERM] Permission denied`)
  if (vice === 'missing') say(`${tag} NO [NONEXISTENT] Mailbox does not exist`)
  return vice === 'no_right' || vice === 'missing' || vice === 'silent'
}

function open(talk: Talk, tag: string, name: string): void {
  const box = talk.box(name)
  talk.open = box
  box.opened += 1
  if (refuses(talk, tag, box)) return
  if (box.vice === 'uidvalidity') box.uidValidity += 1
  if (box.vice === 'injection') inject(talk)
  talk.say('* FLAGS (\\Seen \\Deleted)')
  talk.say(`* ${box.mails.length} EXISTS`)
  talk.say(`* OK [UIDVALIDITY ${box.uidValidity}] x`)
  talk.say(`* OK [UIDNEXT ${box.uidNext}] x`)
  talk.say(`${tag} OK [READ-ONLY] done`)
}

/** Folder names, tags and continuations that a careless client would take for something else. */
function inject({ say }: Talk): void {
  const name = 'a"\r\nA9 LOGOUT\r\n* OK '
  say(`* LIST () "/" {${name.length}}\r\n${name}`)
  say('* LIST () "/" "../../etc/passwd"')
  say('* LIST () "/" "user/\\"}; DROP TABLE user; --"')
  say('* OK [ALERT] \u001b[31mred')
}

function status(talk: Talk, tag: string, name: string): void {
  const box = talk.box(name)
  if (refuses(talk, tag, box)) return
  const { mails, uidNext, uidValidity } = box
  talk.say(`* STATUS "${name}" (MESSAGES ${mails.length} UIDNEXT ${uidNext} UIDVALIDITY ${uidValidity})`)
  talk.say(`${tag} OK done`)
}

function fetch(talk: Talk, tag: string, rest: string): void {
  const box = talk.open
  if (!box || box.vice === 'silent') return
  if (box.vice === 'endless') {
    pour(talk)
    return
  }
  if (box.vice === 'bye') {
    talk.say('* 1 FETCH (UID 1 FLAGS (')
    talk.say('* BYE gone')
    talk.socket.end()
    return
  }
  const [set = ''] = rest.split(' ')
  const asked = box.mails.filter(({ uid }) => isIn(set, uid))
  const mails = box.vice === 'uids' ? [0, 4_294_967_295, 1, 1].map((uid) => ({ ...nothing, uid })) : asked
  for (const [i, mail] of mails.entries()) answer(talk, i + 1, mail, rest)
  talk.say(`${tag} OK done`)
}

const nothing: Mail = { uid: 0, raw: Buffer.from('Subject: [MDAP 1 00000000]\r\n\r\n'), atMs: 0 }

function isIn(set: string, uid: number): boolean {
  return set.split(',').some((part) => {
    const [from = '', to = from] = part.split(':')
    const last = to === '*' ? Number.POSITIVE_INFINITY : Number(to)
    return Number(from) <= uid && uid <= last
  })
}

function answer({ say, open }: Talk, seq: number, { uid, raw, atMs }: Mail, rest: string): void {
  const head = raw.toString('latin1').split('\r\n\r\n')[0] ?? ''
  const subject = /^Subject: (.*)$/im.exec(head)?.[1]?.trim() ?? ''
  const mark = `${/^X-MDAP-Message:.*$/im.exec(head)?.[0].trim() ?? ''}\r\n\r\n`
  const date = new Date(atMs).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1-$2-$3 $4 +0000')
  const text = raw.toString('latin1')
  const size = open?.vice === 'size' ? 10 : raw.length
  const parts = [
    `UID ${uid}`,
    'FLAGS ()',
    ...(rest.includes('RFC822.SIZE') ? [`RFC822.SIZE ${size}`] : []),
    ...(rest.includes('INTERNALDATE') ? [`INTERNALDATE "${date.padStart(26)}"`] : []),
    ...(rest.includes('ENVELOPE') ? [`ENVELOPE (NIL "${subject}" NIL NIL NIL NIL NIL NIL NIL NIL)`] : []),
    ...(rest.includes('HEADER.FIELDS')
      ? [`BODY[HEADER.FIELDS (X-MDAP-MESSAGE)] {${mark.length}}\r\n${mark}`]
      : []),
    ...(/BODY\.PEEK\[\]/.test(rest) ? [`BODY[]<0> {${text.length}}\r\n${text}`] : []),
  ]
  say(`* ${seq} FETCH (${parts.join(' ')})`)
}

/** As much as the other side takes, for as long as it takes it. */
function pour({ socket, poured }: Talk): void {
  socket.write('* 1 FETCH (UID 1 BODY[] {4000000000}\r\n')
  const block = Buffer.alloc(64 * 1024, 'x')
  const more = (): void => {
    while (!socket.destroyed && poured.bytes < 2 ** 31) {
      poured.bytes += block.length
      if (!socket.write(block)) {
        socket.once('drain', more)
        return
      }
    }
  }
  more()
}
