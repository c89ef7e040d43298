import { type Book, writeCmimeConfiguration } from '#protocol/service-book.ts'
import { type Account, bookUid } from '../account.ts'

/** Bytes of a mail's body that the handheld gets unasked. */
const bodyBytes = 2_048

/** Mail: the one book a handheld cannot do without. */
export const cmimeBook = ({ address, displayName, srpId }: Account): Book => ({
  cid: 'CMIME',
  uid: bookUid(srpId, 'CMIME'),
  dsid: srpId,
  name: 'Messages',
  description: 'Sending and receiving mail',
  protected: true,
  configuration: writeCmimeConfiguration({ address, displayName, srpId, bodyBytes }),
})
