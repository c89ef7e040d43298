/**
 * What SMTP ingress is held against, in a process of its own: smtp-server alone, which keeps nothing (`sink`), or
 * with one SQLite commit for each mail in the same thread, `synchronous=FULL` (`commit DIRECTORY`).
 */
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { SMTPServer } from 'smtp-server'
import { sayReady } from './helper.ts'

const [kind, directory = ''] = process.argv.slice(2)

function commitEach(): (mail: Buffer) => void {
  const db = new Sqlite(join(directory, 'floor.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE mail (id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, raw BLOB NOT NULL)')
  const insert = db.prepare('INSERT INTO mail (recipient, raw) VALUES (?, ?)')
  return (mail) => void insert.run('user0@example.test', mail)
}

const keep = kind === 'commit' ? commitEach() : () => {}
const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  onData: (stream, _session, callback) => {
    const pieces: Buffer[] = []
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => {
      keep(Buffer.concat(pieces))
      callback()
    })
  },
})
server.on('error', () => {})
server.listen(0, '127.0.0.1', () => {
  const bound = server.server.address()
  sayReady({ port: typeof bound === 'object' && bound ? bound.port : 0 })
})
