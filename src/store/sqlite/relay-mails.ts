/** The mails handhelds asked for, from acceptance to the mail server's last word. */
import { fromHex } from '#kernel/bytes.ts'
import type { AnsweredMail, DueMail, RelayMailRow, RelayStore } from '../relay.ts'
import type { Sync } from './aggregate.ts'
import type { Db } from './database.ts'

type Mails = Pick<
  Sync<RelayStore>,
  | 'findMailAsk'
  | 'findMail'
  | 'findAnsweredMail'
  | 'newestMailTo'
  | 'putMail'
  | 'listDueMails'
  | 'nextMailAtMs'
  | 'beginMail'
  | 'renewMail'
  | 'endMail'
  | 'bringMailsForward'
  | 'bringMailsBack'
  | 'hasMailsToGiveUp'
  | 'giveUpMails'
>

/** The part of the transaction id that a route token names. */
const prefixOf = (txn: string): Uint8Array => fromHex(txn).subarray(0, 12)

const columns = `txn, pin, body_hash AS bodyHash, body, address, domain, accepted_at_ms AS acceptedAtMs,
  life_ms AS lifeMs, state, tries, mailed_at_ms AS mailedAtMs, expires_at_ms AS expiresAtMs,
  next_try_at_ms AS nextTryAtMs`

/** The life a handheld gave its request is over before a mail server took it. */
const toGiveUp = "WHERE state = 'queued' AND accepted_at_ms + life_ms <= ?"

/** It came, or was tried, later than now. */
const putOffAhead = `WHERE state = 'queued' AND next_try_at_ms > ?
  AND max(accepted_at_ms, ifnull(mailed_at_ms, 0), ifnull(answered_at_ms, 0)) > ?`

const answeredColumns = `${columns}, answered_at_ms AS answeredAtMs, answer`

type DueRow = RelayMailRow & { mailsToAddress: number; mailsOfPin: number }

/**
 * PINs take turns within an address: the k-th waiting mail of a PIN that was mailed j times counts as its
 * (j+k)-th, so a handheld that floods an address waits behind one that asks once.
 */
const dueMails = `
  WITH sent AS (
    SELECT address AS to_address, pin AS of_pin, count(*) AS n FROM relay_mail
    WHERE mailed_at_ms > ? AND address IN (SELECT address FROM relay_mail WHERE state = 'queued')
    GROUP BY address, pin
  ), busy AS (
    SELECT to_address, sum(n) AS total FROM sent GROUP BY to_address
  )
  SELECT ${columns},
    ifnull(total, 0) AS mailsToAddress,
    ifnull((SELECT n FROM sent WHERE to_address = address AND of_pin = pin), 0) AS mailsOfPin
  FROM relay_mail LEFT JOIN busy ON to_address = address
  WHERE state = 'queued' AND next_try_at_ms <= ? AND ifnull(total, 0) < ?
  ORDER BY mailsOfPin + row_number() OVER (PARTITION BY address, pin ORDER BY accepted_at_ms, txn),
    accepted_at_ms, txn
  LIMIT ?`

export function makeRelayMails(db: Db): Mails {
  const findMail = (txn: string) =>
    db.one<RelayMailRow>(`SELECT ${columns} FROM relay_mail WHERE txn = ?`, txn) ?? null
  return {
    findMailAsk: (txn, pin, sinceMs) => ({
      same: findMail(txn),
      prefixTaken:
        db.one(
          'SELECT 1 FROM relay_mail WHERE pin = ? AND txn_prefix = ? AND txn <> ?',
          ...[pin, prefixOf(txn), txn],
        ) !== undefined,
      newTxnsOfPin:
        db.one<{ n: number }>(
          'SELECT count(*) AS n FROM relay_mail WHERE pin = ? AND accepted_at_ms > ?',
          ...[pin, sinceMs],
        )?.n ?? 0,
    }),
    findMail,
    findAnsweredMail: (txn) =>
      db.one<AnsweredMail>(`SELECT ${answeredColumns} FROM relay_mail WHERE txn = ?`, txn) ?? null,
    newestMailTo: (addresses) =>
      db.one<AnsweredMail>(
        `SELECT ${answeredColumns} FROM relay_mail WHERE address IN (SELECT value FROM json_each(?))
         ORDER BY accepted_at_ms DESC LIMIT 1`,
        JSON.stringify(addresses),
      ) ?? null,
    putMail: (mail) => insertMail(db, mail) > 0,
    listDueMails: (nowMs, sinceMs, perAddressMax, limit) =>
      db
        .all<DueRow>(dueMails, sinceMs, nowMs, perAddressMax, limit)
        .map(({ mailsToAddress, mailsOfPin, ...mail }): DueMail => ({ mail, mailsToAddress, mailsOfPin })),
    nextMailAtMs: () =>
      db.one<{ at: number | null }>(`SELECT min(next_try_at_ms) AS at FROM relay_mail WHERE state = 'queued'`)
        ?.at ?? null,
    beginMail: (txn, nowMs, leaseUntilMs) => {
      db.run(
        `UPDATE relay_mail SET tries = tries + 1, mailed_at_ms = ?, next_try_at_ms = ?,
           expires_at_ms = ? + life_ms WHERE txn = ? AND state = 'queued'`,
        ...[nowMs, leaseUntilMs, nowMs, txn],
      )
      const mail = findMail(txn)
      return mail?.state === 'queued' ? mail : null
    },
    renewMail: (txn, leaseUntilMs) => {
      db.run(
        `UPDATE relay_mail SET next_try_at_ms = ? WHERE txn = ? AND state = 'queued'`,
        ...[leaseUntilMs, txn],
      )
    },
    endMail: ({ txn, state, nextTryAtMs, answer, answeredAtMs }) => {
      db.run(
        'UPDATE relay_mail SET state = ?, next_try_at_ms = ?, answer = ?, answered_at_ms = ? WHERE txn = ?',
        ...[state, nextTryAtMs, answer, answeredAtMs, txn],
      )
    },
    bringMailsForward: (byMs) => {
      db.run(`UPDATE relay_mail SET next_try_at_ms = next_try_at_ms - ? WHERE state = 'queued'`, byMs)
    },
    bringMailsBack: (nowMs) =>
      db.run(`UPDATE relay_mail SET next_try_at_ms = ? ${putOffAhead}`, ...[nowMs, nowMs, nowMs]),
    hasMailsToGiveUp: (nowMs) => db.one(`SELECT 1 FROM relay_mail ${toGiveUp} LIMIT 1`, nowMs) !== undefined,
    giveUpMails: (nowMs) => {
      const over = db.all<RelayMailRow>(`SELECT ${columns} FROM relay_mail ${toGiveUp}`, nowMs)
      for (const { txn } of over) db.run(`UPDATE relay_mail SET state = 'gave_up' WHERE txn = ?`, txn)
      return over.map((mail) => ({ ...mail, state: 'gave_up' }))
    },
  }
}

const insertMail = (db: Db, mail: RelayMailRow): number =>
  db.run(
    `INSERT INTO relay_mail(txn, pin, txn_prefix, body_hash, body, address, domain, accepted_at_ms, life_ms,
       expires_at_ms, state, tries, mailed_at_ms, next_try_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[mail.txn, mail.pin, prefixOf(mail.txn), mail.bodyHash, mail.body, mail.address, mail.domain],
    ...[mail.acceptedAtMs, mail.lifeMs, mail.expiresAtMs, mail.state, mail.tries, mail.mailedAtMs],
    mail.nextTryAtMs,
  )
