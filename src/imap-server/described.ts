/**
 * What IMAP is asked about a message (ENVELOPE, BODYSTRUCTURE, where its parts are), made from its bytes when somebody
 * first asks: taking mail in must not wait for it. It is kept for all who ask later.
 */
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { MailStore, MessageDescription, MessageRow } from '#store/mail.ts'
import { describeMessage } from './describe-message.ts'

/** Null: the message is gone. */
export type Describe = (row: Pick<MessageRow, 'bodyId' | 'size'>) => Promise<MessageDescription | null>

export function makeDescriber(store: MailStore, log: Log): Describe {
  let turn: Promise<unknown> = Promise.resolve()
  const make: Describe = async ({ bodyId, size }) => {
    const raw = await store.readBody(bodyId, 0, size)
    if (!raw) return null
    const description = describeMessage(raw)
    // Not waited for: the writer takes calls in their order, and without it the description is made again.
    store.keepDescription(bodyId, description).catch((error) => {
      log.warn({ code: faultCodeOf(error) }, 'the description of a message could not be kept')
    })
    return description
  }
  return async (row) => {
    const kept = await store.describe(row.bodyId)
    if (kept) return kept
    // One after the other, so that never more than one message is held whole.
    const made = turn.then(() => make(row))
    turn = made.catch(() => null)
    return await made
  }
}
