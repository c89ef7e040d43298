/** What is new in many mailboxes, in one round trip for most: EXAMINE, which changes no flag, and FETCH behind it. */
import { assert } from '#kernel/assert.ts'
import { imapDay } from './imap-date.ts'
import type { Answer } from './imap-inbox.ts'
import { isFetch, openedFrom, readFetch, readSearch, summaryItems, summaryOf } from './imap-replies.ts'
import { commandMsMax, faultOf, type ImapSession } from './imap-session.ts'
import { endOfMailbox, type Look, type Looked, type MessageSummary, type NewMessages } from './mailbox.ts'
import type { ImapResponse } from './response-cutter.ts'

/** SEARCH SINCE knows days alone, and not of which time zone. */
const daySlackMs = 86_400_000

type Answers = readonly Answer<ImapResponse>[]

/** The order is that of the looks, but for those that one round trip did not settle: they come last. */
export async function* lookAtNews(
  session: ImapSession,
  looks: readonly Look[],
): AsyncGenerator<readonly Looked[]> {
  const unsettled: Look[] = []
  for await (const [look, answers] of firstAnswers(session, looks)) {
    const looked = await firstLooked(session, look, answers)
    if (looked) yield [looked]
    else unsettled.push(look)
  }
  for (const look of unsettled) yield [await searched(session, look)]
}

/** Each look with the answers to its own commands. */
async function* firstAnswers(
  session: ImapSession,
  looks: readonly Look[],
): AsyncGenerator<readonly [Look, Answers]> {
  const asked = looks.map((look) => firstCommands(session, look))
  const exchange = {
    commands: asked.flat(),
    read: (response: ImapResponse) => response,
    patienceMs: commandMsMax,
  }
  let at = 0
  let own: Answer<ImapResponse>[] = []
  for await (const answers of session.pipeline.run(exchange)) {
    for (const answer of answers) {
      const look = looks[at]
      own.push(answer)
      if (!look || own.length < (asked[at]?.length ?? 0)) continue
      yield [look, own]
      own = []
      at += 1
    }
  }
}

function firstCommands(session: ImapSession, look: Look): readonly string[] {
  const { name, fromUid, limit, sinceMs } = look
  const examine = `EXAMINE ${session.quoted(name)}`
  if (sinceMs !== undefined) return [examine, searchFor(look)]
  if (fromUid === endOfMailbox) return [examine]
  // `from:*` would name the last message where there is none from there on (RFC 3501 section 6.4.8).
  return [examine, `UID FETCH ${fromUid}:${Math.min(endOfMailbox, fromUid + limit - 1)} ${summaryItems}`]
}

/** Null: there is more to it than one round trip. */
async function firstLooked(session: ImapSession, look: Look, answers: Answers): Promise<Looked | null> {
  const { name, fromUid, limit } = look
  const [examined, second] = answers
  session.opened = null
  if (examined?.status !== 'OK') return null
  const opened = openedFrom(name, examined.untagged)
  session.opened = { name, uidValidity: opened.uidValidity }
  if (!second || opened.uidNext <= fromUid) return newMessages(look, opened, opened.uidNext, [])
  if (second.status !== 'OK') throw faultOf(name, second)
  if (look.sinceMs !== undefined)
    return readSearch(second.untagged).length > 0 ? null : newMessages(look, opened, opened.uidNext, [])
  if (opened.uidNext > fromUid + limit) return null
  return newMessages(look, opened, opened.uidNext, await messagesIn(second))
}

/** Searches first: the messages are many, or only some of them are wanted, or the mailbox cannot be opened. */
async function searched(session: ImapSession, look: Look): Promise<Looked> {
  const { name, fromUid, limit } = look
  const [examined, search] = await session.ask([`EXAMINE ${session.quoted(name)}`, searchFor(look)])
  assert(examined && search, 'each command has its answer')
  session.opened = null
  if (examined.status !== 'OK') return { name, error: (await session.refusal(name, examined)).code }
  const opened = openedFrom(name, examined.untagged)
  session.opened = { name, uidValidity: opened.uidValidity }
  if (search.status !== 'OK') throw faultOf(name, search)
  const uids = readSearch(search.untagged).filter((uid) => uid >= fromUid && uid < opened.uidNext)
  const cut = uids.slice(0, limit)
  const last = cut.at(-1)
  if (last === undefined) return newMessages(look, opened, opened.uidNext, [])
  const [fetched] = await session.ask([`UID FETCH ${cut.join(',')} ${summaryItems}`])
  assert(fetched, 'each command has its answer')
  if (fetched.status !== 'OK') throw faultOf(name, fetched)
  const nextUid = cut.length < uids.length ? last + 1 : opened.uidNext
  return newMessages(look, opened, nextUid, await messagesIn(fetched))
}

function searchFor({ fromUid, sinceMs }: Look): string {
  const since = sinceMs === undefined ? '' : ` SINCE ${imapDay(sinceMs - daySlackMs)}`
  return `UID SEARCH UID ${fromUid}:*${since}`
}

const messagesIn = async ({ untagged }: Answer<ImapResponse>): Promise<MessageSummary[]> =>
  (await Promise.all(untagged.filter(isFetch).map(readFetch))).map(summaryOf)

/** A message that has come since the mailbox was opened is left for the next look. */
const newMessages = (
  { name, fromUid }: Look,
  { uidValidity, uidNext }: Pick<NewMessages, 'uidValidity' | 'uidNext'>,
  nextUid: number,
  messages: readonly MessageSummary[],
): NewMessages => ({
  name,
  uidValidity,
  uidNext,
  nextUid,
  messages: messages.filter(({ uid }) => uid >= fromUid && uid < uidNext).sort((a, b) => a.uid - b.uid),
})
