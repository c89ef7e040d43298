/** The least that one activation costs, piece by piece, whatever software does it: measured beside the activations. */
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { exampleMail } from '../ingress.ts'
import { makeVerification } from '../verifier.ts'
import { type Helper, startHelper } from './helper.ts'
import { ImapClient } from './imap-client.ts'
import { SmtpClient } from './smtp-client.ts'

export interface ActivationFloor {
  /** One mail to a bare sink on a connection that is open already. */
  submissionMs(): Promise<number>
  /** One FETCH of that mail from a socket that answers constants. */
  fetchMs(): Promise<number>
  verifierMs(): Promise<number>
  /** One bare commit of one 1 KiB row with FULL on the same disk. */
  commitMs(): Promise<number>
  close(): Promise<void>
}

const timed = async (work: () => void | Promise<void>): Promise<number> => {
  const begunMs = performance.now()
  await work()
  return performance.now() - begunMs
}

export async function startActivationFloor(directory: string): Promise<ActivationFloor> {
  const mail = exampleMail()
  const constant = `* 1 FETCH (UID 1 BODY[] {${mail.length}}\r\n${mail})\r\n`
  const sink = await startHelper(new URL('./smtp-floor.ts', import.meta.url), 'sink')
  const socket: Helper = await startHelper(
    new URL('./imap-floor.ts', import.meta.url),
    '',
    Buffer.from(constant, 'latin1').toString('base64'),
  )
  const port = ({ ready }: Helper) => (ready as { port: number }).port
  const smtp = await SmtpClient.connect(port(sink))
  const imap = await ImapClient.connect(port(socket))
  const verify = makeVerification()
  const db = new Sqlite(join(directory, 'commits.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE floor (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)')
  const insert = db.prepare('INSERT INTO floor (bytes) VALUES (?)')
  return {
    submissionMs: () => timed(() => smtp.mail('user@example.test', mail)),
    fetchMs: () => timed(async () => void (await imap.ask('UID FETCH 1 (UID BODY.PEEK[])'))),
    verifierMs: () => timed(verify),
    commitMs: () => timed(() => void insert.run(Buffer.alloc(1_024, 7))),
    close: async () => {
      smtp.close()
      imap.close()
      db.close()
      await sink.stop()
      await socket.stop()
    },
  }
}
