import type { ActivationId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
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
  /** Passed when they were too old to be looked for; the date may have been put right since. */
  const tooOld = new Set<ActivationId>()
  return {
    invariant: 'no cursor passes a message that raised neither event nor fault',
    look: (observed, fail) => {
      if (!observed.has('watches') && !observed.has('activations')) return
      for (const row of observed.db.all<WatchRow>('SELECT * FROM watch')) {
        const place = `${row.uid_validity} ${row.next_uid}`
        const key = `${row.owner}/${row.folder}`
        if (passed.get(key) === place) continue
        passed.set(key, place)
        for (const { txn, isTooOld } of requestsBehind(observed, row)) {
          if (isTooOld) tooOld.add(txn)
          if (!tooOld.has(txn) && !isKnown(observed, txn))
            fail(`${key}: the cursor is at ${row.next_uid}, ${txn} was not taken in`)
        }
      }
    },
  }
}

interface Passed {
  readonly txn: ActivationId
  /** By the server's date it cannot be waiting any more: without a cursor that still holds it is not looked for. */
  readonly isTooOld: boolean
}

/** Requests of the relay in messages that the cursor has passed. */
function requestsBehind({ world }: Observed, row: WatchRow): Passed[] {
  const name = row.folder === junkFolder ? `${row.owner}/${junkFolder}` : inboxOf(row.owner)
  const folder = world.mail.server.folder(name)
  if (!folder || folder.uidValidity !== row.uid_validity) return []
  const oldestMs = world.serverHost.nowMs() - limits.etpLifeSecondsMax * 1000
  return folder.messages.flatMap(({ uid, raw, internalDateMs }) => {
    const [, txn] = /^Message-ID: <([0-9a-f]{32})\./im.exec(Buffer.from(raw).toString('latin1')) ?? []
    if (uid >= row.next_uid || txn === undefined) return []
    return [{ txn: txn as ActivationId, isTooOld: internalDateMs < oldestMs }]
  })
}

const isKnown = ({ db }: Observed, txn: ActivationId): boolean =>
  db.one('SELECT 1 FROM activation WHERE txn = ? AND state_json LIKE \'%"request"%\'', txn) !== undefined
