/** The envelope sender as it goes on. */
import { domainToASCII } from 'node:url'
import type { SMTPServerSession } from 'smtp-server'

/** Its domain as A-labels again: the library has turned them into Unicode. Empty for a bounce. */
export function senderOf({ envelope }: SMTPServerSession): string {
  const typed = envelope.mailFrom ? envelope.mailFrom.address : ''
  const at = typed.lastIndexOf('@')
  if (at < 0 || /^[\x20-\x7e]*$/.test(typed)) return typed
  const domain = domainToASCII(typed.slice(at + 1))
  return domain ? `${typed.slice(0, at)}@${domain}` : typed
}
