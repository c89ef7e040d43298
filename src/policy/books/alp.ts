import { type Book, writeAccountConfiguration } from '#protocol/service-book.ts'
import { type Account, bookUid } from '../account.ts'

/** Looking up addresses in the organisation's directory. */
export const alpBook = ({ address, srpId }: Account): Book => ({
  cid: 'ALP',
  uid: bookUid(srpId, 'ALP'),
  dsid: srpId,
  name: 'Address lookup',
  description: "Search in the organisation's directory",
  protected: true,
  configuration: writeAccountConfiguration({ address, srpId }),
})
