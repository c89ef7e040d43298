import { type Book, writeCicalConfiguration } from '#protocol/service-book.ts'
import { type Account, bookUid } from '../account.ts'

const daysBack = 30
const daysAhead = 365

/** The calendar: slow sync begins with it. */
export const cicalBook = ({ address, srpId }: Account): Book => ({
  cid: 'CICAL',
  uid: bookUid(srpId, 'CICAL'),
  dsid: srpId,
  name: 'Calendar',
  description: 'Calendar entries over the air',
  protected: true,
  configuration: writeCicalConfiguration({ address, srpId, daysBack, daysAhead }),
})
