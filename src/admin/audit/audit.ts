/** The audit log: listed, held against itself, and written out. */
import { type ChainBreak, type ChainCheck, checkChain } from '#audit/chain.ts'
import { exportHead, exportLine } from '#audit/export.ts'
import { type AuditHead, type AuditLine, begun } from '#audit/line.ts'
import { toHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { AuditAct, AuditFilter } from '#store/audit.ts'
import type { AuditCases, AuditQuery } from '../access/cases.ts'
import type { AuditVerdict, AuditView } from '../access/views.ts'
import { typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'

const limitDefault = 100
const limitMax = 10_000
/** Lines read at once; between two portions others have their turn. */
const portion = 500

type Parts = Pick<AdminParts, 'store'>

export const auditCases = ({ store, store: { audit } }: Parts): AuditCases => ({
  list: async ({ by, on, what, sinceMs, limit = limitDefault }: AuditQuery = {}) => {
    if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
      throw new Fault('admin.usage', `the limit is 1 to ${limitMax}, not ${limit}`)
    const filter = {
      limit,
      ...(by === undefined ? {} : { who: by }),
      ...(on === undefined ? {} : await concerning(store, on)),
      ...(what === undefined ? {} : { what }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
    }
    return (await audit.acts(filter)).map(view)
  },
  verify: async (at) => {
    const found = await verify(audit)
    const [line] = at === undefined || at < 1 ? [] : await audit.lines(at - 1, 1)
    return { ...found, at: line && line.seq === at ? toHex(line.hash) : null }
  },
  export: () => exported(audit),
})

/** Lines are added while it reads: the end is asked for before the lines that must reach it. */
async function verify(audit: Parts['store']['audit']): Promise<AuditVerdict> {
  const check = checkChain()
  for (;;) {
    const head = await audit.head()
    const lines = await audit.lines(check.checked(), portion)
    const broken = lines.length === 0 ? check.end(head) : firstBreak(check, lines)
    if (broken || lines.length === 0) return verdict(check.checked(), broken, head)
  }
}

function firstBreak(check: ChainCheck, lines: readonly AuditLine[]): ChainBreak | null {
  for (const line of lines) {
    const broken = check.next(line)
    if (broken) return broken
  }
  return null
}

export const verdict = (
  lines: number,
  broken: ChainBreak | null,
  { seq, hash }: AuditHead,
): AuditVerdict => ({
  good: broken === null,
  lines,
  broken: broken && { ...broken, says: says(broken) },
  seq,
  head: toHex(hash),
  at: null,
})

function says({ kind, seq }: ChainBreak): string {
  switch (kind) {
    case 'changed':
      return `Line ${seq} is not what was written.`
    case 'missing':
      return `Line ${seq} is missing, or stands elsewhere.`
    case 'relinked':
      return `Line ${seq} was not made to follow the line before it.`
    case 'cut_off':
      return `The log ends before line ${seq}, which was there.`
    case 'beyond':
      return `Line ${seq} comes after the end that was kept.`
  }
}

async function* exported(audit: Parts['store']['audit']): AsyncGenerator<string> {
  const head = await audit.head()
  for (let last = 0; last < head.seq; ) {
    const lines = await audit.lines(last, portion)
    for (const line of lines) if (line.seq <= head.seq) yield exportLine(line)
    last = lines.at(-1)?.seq ?? head.seq
  }
  yield exportHead(head)
}

/** An act on a user's handheld concerns the user, and so does whatever names one of them: groups, policies, approvals. */
async function concerning(
  { users, handhelds }: Parts['store'],
  typed: string,
): Promise<Pick<AuditFilter, 'on' | 'orNaming'>> {
  const pin = typedPin(typed)
  if (pin) return { on: [pin], orNaming: pin }
  const address = typed.includes('@') ? canonicalEmail(typed) : null
  if (!address?.ok) return { on: [typed] }
  const user = await users.byAddress(address.value)
  if (!user) return { on: [address.value], orNaming: address.value }
  const pins = (await handhelds.byUser(user.id)).map((account) => account.pin)
  const owners = await Promise.all(pins.map(async (one) => (await handhelds.byPin(one))[0]?.userId))
  // Lines of a handheld that works for somebody else by now are here only where they name this user.
  const theirs = pins.filter((_, i) => owners[i] === user.id)
  return { on: [user.address, ...user.aliases, ...theirs], orNaming: user.address }
}

function view({ line, answer }: AuditAct): AuditView {
  const { seq, atMs, who, role, from, what, on, outcome } = line
  return {
    seq,
    atMs,
    who,
    role,
    from,
    what,
    on: answer?.on || on,
    outcome: answer ? answer.outcome : outcome === begun ? null : outcome,
    change: { ...parsed(line.change), ...parsed(answer?.change ?? '{}') },
  }
}

/** Whoever could change a line could write anything there: what is no JSON is shown as nothing. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
