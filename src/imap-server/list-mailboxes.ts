/** What LIST answers: a user's own mailboxes, or every user's INBOX for a service account. */
import type { MailboxRow } from '#store/mail.ts'
import { mailboxString } from './imap-string.ts'
import { literalPrefix, makeMatcher } from './list-pattern.ts'
import { ownAccount, servicePrefix, wireName } from './mailbox-names.ts'
import { decodeMutf7 } from './mutf7.ts'
import type { Session } from './session.ts'
import { type StatusItem, statusLine } from './status.ts'

export interface ListRequest {
  readonly patterns: readonly string[]
  /** The extended syntax was used. */
  readonly extended: boolean
  readonly onlySubscribed: boolean
  readonly recursive: boolean
  readonly onlySpecial: boolean
  readonly showSubscribed: boolean
  readonly status: readonly StatusItem[] | null
}

/** INBOXes read at once: other connections get their turn in between. */
const pageRows = 500

interface Names {
  /** Every name to consider; null where it is no mailbox: only a parent, or only subscribed. */
  readonly rows: ReadonlyMap<string, MailboxRow | null>
  readonly parents: ReadonlySet<string>
  readonly subscribed: ReadonlySet<string>
  readonly subscribedParents: ReadonlySet<string>
}

export async function listUserMailboxes(session: Session, request: ListRequest): Promise<void> {
  const names = await gather(session, request.onlySubscribed)
  const matchers = request.patterns.map(makeMatcher)
  for (const path of [...names.rows.keys()].sort()) {
    const name = wireName(path)
    if (!matchers.some((matches) => matches(name)) || !isSelected(path, names, request)) continue
    const row = names.rows.get(path) ?? null
    const childInfo = request.recursive && names.subscribedParents.has(path)
    const extra = childInfo ? ' ("CHILDINFO" ("SUBSCRIBED"))' : ''
    const attributes = attributesOf(path, names, request)
    session.output.line(`* LIST (${attributes.join(' ')}) "/" ${mailboxString(name)}${extra}`)
    if (row && request.status) session.output.line(statusLine(name, row, request.status))
    await session.output.room()
  }
}

async function gather(session: Session, withSubscribed: boolean): Promise<Names> {
  const { store } = session.context
  const accountId = ownAccount(session)
  const rows = new Map<string, MailboxRow | null>()
  for (const row of await store.listMailboxes(accountId)) rows.set(row.path, row)
  const subscribed = new Set(await store.listSubscriptions(accountId))
  if (withSubscribed) for (const path of subscribed) if (!rows.has(path)) rows.set(path, null)
  return { rows, parents: addParents(rows), subscribed, subscribedParents: parentsOf(subscribed) }
}

function isSelected(
  path: string,
  { rows, subscribed, subscribedParents }: Names,
  request: ListRequest,
): boolean {
  if (request.onlySpecial && !rows.get(path)?.specialUse) return false
  if (!request.onlySubscribed || subscribed.has(path)) return true
  return request.recursive && subscribedParents.has(path)
}

function attributesOf(path: string, { rows, parents, subscribed }: Names, request: ListRequest): string[] {
  const row = rows.get(path)
  const showSubscribed = (request.showSubscribed || request.onlySubscribed) && subscribed.has(path)
  return [
    ...(row ? [] : ['\\NonExistent', '\\Noselect']),
    ...(showSubscribed ? ['\\Subscribed'] : []),
    parents.has(path) ? '\\HasChildren' : '\\HasNoChildren',
    ...(row?.specialUse ? [row.specialUse] : []),
  ]
}

/** Adds the names that only have children, and returns all names with children. */
function addParents(rows: Map<string, MailboxRow | null>): Set<string> {
  const parents = parentsOf(rows.keys())
  for (const parent of parents) if (!rows.has(parent)) rows.set(parent, null)
  return parents
}

/** One pass with a set: comparing each name with each other takes seconds at 10,000 mailboxes. */
export function parentsOf(paths: Iterable<string>): Set<string> {
  const parents = new Set<string>()
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash)
      if (parents.has(parent)) break
      parents.add(parent)
    }
  }
  return parents
}

/**
 * `user/<address>` for every account, page by page. An address is one level whatever characters it has, so
 * that `user/%` reaches everybody.
 */
export async function listServiceMailboxes(session: Session, request: ListRequest): Promise<void> {
  if (request.onlySubscribed || request.onlySpecial) return
  const { output } = session
  const root = servicePrefix.slice(0, -1)
  const matchers = request.patterns.map(makeMatcher)
  if (matchers.some((matches) => matches(root))) output.line(`* LIST (\\Noselect \\HasChildren) "/" ${root}`)
  const leafMatchers = request.patterns.map((pattern) => makeMatcher(asOneLevel(pattern)))
  for await (const { address, inbox } of inboxes(session, sharedPrefix(request.patterns))) {
    const name = wireName(servicePrefix + address)
    const leaf = asOneLevel(name)
    if (!leafMatchers.some((matches) => matches(leaf))) continue
    output.line(`* LIST (\\HasNoChildren) "/" ${mailboxString(name)}`)
    if (request.status) output.line(statusLine(name, inbox, request.status))
    await output.room()
  }
}

/** Slashes after the prefix belong to the address; a backslash, which no address has, stands for them. */
const asOneLevel = (text: string): string =>
  text.startsWith(servicePrefix)
    ? servicePrefix + text.slice(servicePrefix.length).replaceAll('/', '\\')
    : text

/** What all patterns' addresses start with, so that a shard of a scan reads its own accounts only. */
function sharedPrefix(patterns: readonly string[]): string {
  const [only = ''] = patterns.length === 1 ? patterns : []
  const prefix = literalPrefix(only)
  return prefix.startsWith(servicePrefix) ? (decodeMutf7(prefix.slice(servicePrefix.length)) ?? '') : ''
}

async function* inboxes({ context }: Session, prefix: string) {
  let after = ''
  for (;;) {
    const page = await context.store.listInboxes(prefix, after, pageRows)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < pageRows) return
    after = last.address
    await new Promise((resolve) => setImmediate(resolve))
  }
}
