import type { ActivationId } from '#kernel/brand.ts'
import { inboxOf, junkFolder } from '../world/mail-world.ts'
import type { Checker } from './checks.ts'
import type { Observed } from './observed.ts'

interface WatchRow {
  owner: string
  folder: string
  uid_validity: number
  next_uid: number
}

export const cursorKeepsBehind = (): Checker => {
  const passed = new Map<string, string>()
  return {
    invariant: 'no cursor passes a message that raised neither event nor fault',
    look: (observed, fail) => {
      if (!observed.has('watches') && !observed.has('activations')) return
      for (const row of observed.db.all<WatchRow>('SELECT * FROM watch')) {
        const place = `${row.uid_validity} ${row.next_uid}`
        const key = `${row.owner}/${row.folder}`
        if (passed.get(key) === place) continue
        passed.set(key, place)
        for (const txn of requestsBehind(observed, row))
          if (!isKnown(observed, txn))
            fail(`${key}: the cursor is at ${row.next_uid}, ${txn} was not taken in`)
      }
    },
  }
}

/** Requests of the relay in messages that the cursor has passed. */
function requestsBehind({ world }: Observed, row: WatchRow): ActivationId[] {
  const name = row.folder === junkFolder ? `${row.owner}/${junkFolder}` : inboxOf(row.owner)
  const folder = world.mail.server.folder(name)
  if (!folder || folder.uidValidity !== row.uid_validity) return []
  return folder.messages.flatMap(({ uid, raw }) => {
    if (uid >= row.next_uid) return []
    const text = Buffer.from(raw).toString('latin1')
    return /^Message-ID: <([0-9a-f]{32})\./im.exec(text)?.[1] ?? []
  }) as ActivationId[]
}

const isKnown = ({ db }: Observed, txn: ActivationId): boolean =>
  db.one('SELECT 1 FROM activation WHERE txn = ? AND state_json LIKE \'%"request"%\'', txn) !== undefined
