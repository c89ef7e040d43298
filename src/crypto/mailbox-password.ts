/** A user's password at the site's mail server, as the database keeps it. */
import type { MailAddress } from '#kernel/brand.ts'
import { fromUtf8, utf8 } from '#kernel/bytes.ts'
import type { Vault } from '#kernel/vault.ts'

export const mailboxPasswordContext = (owner: MailAddress): string => `mailbox_password/${owner}`

/** `owner` is the user's main address: a password moved to another user's row does not open there. */
export const sealMailboxPassword = (vault: Vault, owner: MailAddress, password: string): Uint8Array =>
  vault.seal(mailboxPasswordContext(owner), utf8(password))

/** Null under another storage key or for another user, or where a byte has changed. */
export function openMailboxPassword(vault: Vault, owner: MailAddress, sealed: Uint8Array): string | null {
  const plain = vault.open(mailboxPasswordContext(owner), sealed)
  return plain && fromUtf8(plain)
}
