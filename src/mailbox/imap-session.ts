/** What the commands on mailboxes share: names as they are on the wire, exchanges, and why one was refused. */
import type { ImapFlow } from 'imapflow'
import { decodePath, encodePath } from 'imapflow/lib/tools.js'
import { assert } from '#kernel/assert.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { imapFault } from './imap-fault.ts'
import type { Answer } from './imap-inbox.ts'
import { makePipeline, type Pipeline } from './imap-pipeline.ts'
import type { ImapResponse } from './response-cutter.ts'
import type { SharedSocket } from './shared-socket.ts'

export interface ImapSession {
  readonly client: ImapFlow
  readonly pipeline: Pipeline
  /** The mailbox that is open, and as what it was opened; or null. */
  opened: { readonly name: string; readonly uidValidity: number } | null
  /** A mailbox name, or a pattern of such names, as a quoted string. */
  quoted(name: string): string
  /** A name that the server said. */
  named(wire: string): string
  /** Every answer, with all untagged responses. */
  ask(commands: readonly string[], patienceMs?: number): Promise<readonly Answer<ImapResponse>[]>
  /** Why a command on `name` was refused, for good: asks again where the answer left it open. */
  refusal(name: string, answer: Answer<unknown>): Promise<Fault>
}

/** A command that has no answer after so long never gets one. */
export const commandMsMax = 60_000

export function makeImapSession(client: ImapFlow, socket: () => SharedSocket, clock: Clock): ImapSession {
  const pipeline = makePipeline(socket, clock, () => client.close())
  const session: ImapSession = {
    client,
    pipeline,
    opened: null,
    quoted: (name) => {
      const wire = encodePath(client, name)
      assert(!/[\r\n\0]/.test(wire), 'a mailbox name is one line')
      return `"${wire.replace(/[\\"]/g, '\\$&')}"`
    },
    named: (wire) => decodePath(client, wire),
    ask: async (commands, patienceMs = commandMsMax) => {
      const answers: Answer<ImapResponse>[] = []
      const read = (response: ImapResponse) => response
      for await (const come of pipeline.run({ commands, read, patienceMs })) answers.push(...come)
      return answers
    },
    refusal: async (name, answer) => {
      const fault = faultOf(name, answer)
      if (answer.status !== 'NO' || answer.code !== '') return fault
      const [listed] = await session.ask([`LIST "" ${session.quoted(name)}`])
      // A directory is listed like a mailbox, with the word that it is none (RFC 3501 section 7.2.2).
      const isThere = listed?.untagged.some(({ text }) =>
        /^\* LIST (?!.*\\(?:NonExistent|Noselect))/i.test(text),
      )
      return isThere ? fault : new Fault('imap.no_mailbox', fault.detail)
    },
  }
  return session
}

/** What a refusal means by its code alone. */
export const faultOf = (name: string, { status, code, words }: Answer<unknown>): Fault =>
  imapFault({ responseStatus: status, serverResponseCode: code, responseText: words }, name)
