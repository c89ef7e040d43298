import { type Book, writeAccountConfiguration } from '#protocol/service-book.ts'
import { type Account, bookUid } from '../account.ts'

/** Web pages through the organisation's server, where the policy allows a browser. */
export const browserBook = ({ address, srpId, rules }: Account): Book | null =>
  rules.allow_browser === false
    ? null
    : {
        cid: 'BrowserConfig',
        uid: bookUid(srpId, 'BrowserConfig'),
        dsid: srpId,
        name: 'Browser',
        description: 'Web pages by way of the organisation',
        protected: true,
        configuration: writeAccountConfiguration({ address, srpId }),
      }
