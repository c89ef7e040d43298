import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { MailAccount, MailAccountStore, NewAccount } from '../mail.ts'
import type { Sync } from './aggregate.ts'
import type { Db } from './database.ts'
import { dropUnusedBodies } from './mail-bodies.ts'
import { insertMailbox } from './mail-rows.ts'

interface AccountColumns {
  id: number
  address: MailAddress
  password_hash: string | null
}

/** What a new account has, so that mail clients find their folders without asking. */
const firstMailboxes: readonly (readonly [path: string, specialUse: string | null])[] = [
  ['INBOX', null],
  ['Drafts', '\\Drafts'],
  ['Junk', '\\Junk'],
  ['Sent', '\\Sent'],
  ['Trash', '\\Trash'],
]

export function mailAccounts(db: Db): Sync<MailAccountStore> {
  return {
    createAccount: (address, aliases, nowMs) => createAccount(db, { address, aliases }, nowMs),
    createAccounts: (accounts, nowMs) =>
      accounts.map((one) => {
        const taken = [one.address, ...one.aliases].find(
          (address) => (findByAnyAddress(db, address)?.address ?? one.address) !== one.address,
        )
        if (taken) return taken
        createAccount(db, one, nowMs)
        return null
      }),
    readdress: (address, main, aliases) => {
      const account = findMain(db, address)
      if (!account) return false
      if (main !== address && findMain(db, main)) throw new Fault('user.exists', main)
      db.run('UPDATE mail_account SET address = ? WHERE id = ?', main, account.id)
      setAddresses(db, account.id, [main, ...aliases])
      return true
    },
    removeAccount: (address) => {
      const account = findMain(db, address)
      if (!account) return false
      removeMail(db, account.id)
      db.run('DELETE FROM mail_account WHERE id = ?', account.id)
      return true
    },
    setPassword: (address, hash) =>
      db.run('UPDATE mail_account SET password_hash = ? WHERE address = ?', hash, address) > 0,
    findAccount: (address) => findByAnyAddress(db, address),
  }
}

function createAccount(db: Db, { address, aliases }: NewAccount, nowMs: number): MailAccount {
  const known = findMain(db, address)
  const id = known?.id ?? insertAccount(db, address, nowMs)
  setAddresses(db, id, [address, ...aliases])
  const account = findMain(db, address)
  assert(account, 'the account was just made')
  return account
}

function findByAnyAddress(db: Db, address: MailAddress): MailAccount | null {
  const sql = `SELECT id, address, password_hash FROM mail_account
    WHERE id = (SELECT account_id FROM mail_address WHERE address = ?)`
  const row = db.one<AccountColumns>(sql, address)
  return row ? asAccount(row) : null
}

function findMain(db: Db, address: MailAddress): MailAccount | null {
  const sql = 'SELECT id, address, password_hash FROM mail_account WHERE address = ?'
  const row = db.one<AccountColumns>(sql, address)
  return row ? asAccount(row) : null
}

const asAccount = (row: AccountColumns): MailAccount => ({
  id: row.id,
  address: row.address,
  passwordHash: row.password_hash,
})

function insertAccount(db: Db, address: MailAddress, nowMs: number): number {
  const id = db.insert('INSERT INTO mail_account (address, created_ms) VALUES (?, ?)', address, nowMs)
  for (const [path, specialUse] of firstMailboxes) {
    insertMailbox(db, { accountId: id, path, specialUse, nowMs })
    db.run('INSERT INTO mail_subscription (account_id, path) VALUES (?, ?)', id, path)
  }
  return id
}

function setAddresses(db: Db, accountId: number, addresses: readonly MailAddress[]): void {
  db.run('DELETE FROM mail_address WHERE account_id = ?', accountId)
  for (const address of new Set(addresses)) {
    const sql = 'INSERT INTO mail_address (address, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING'
    if (db.run(sql, address, accountId) === 0) throw new Fault('user.exists', address)
  }
}

/** Foreign keys would find unused bodies only row by row, so the mail goes first. */
function removeMail(db: Db, accountId: number): void {
  const inAccount = 'mailbox_id IN (SELECT id FROM mailbox WHERE account_id = ?)'
  const bodies = db.all<{ body_id: number }>(`SELECT body_id FROM mail_message WHERE ${inAccount}`, accountId)
  db.run(`DELETE FROM mail_message WHERE ${inAccount}`, accountId)
  dropUnusedBodies(
    db,
    bodies.map((row) => row.body_id),
  )
}
