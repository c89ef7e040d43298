import { type Book, writeSyncConfiguration } from '#protocol/service-book.ts'
import { type Account, bookUid } from '../account.ts'
import { defaultRules } from '../it-policy.ts'

/** The calendar travels with its own book; the policy may allow fewer of the rest. */
const offered = ['address_book', 'tasks', 'memos', 'options'] as const

/** The other organizer databases. At least one is offered: options, which backups need. */
export function syncBook({ address, srpId, rules }: Account): Book {
  const allowed = rules.sync_databases_allowed ?? defaultRules.sync_databases_allowed
  const isAllowed = (name: string) => Array.isArray(allowed) && allowed.some((one) => one === name)
  const databases = offered.filter((name) => name === 'options' || isAllowed(name))
  return {
    cid: 'SYNC',
    uid: bookUid(srpId, 'SYNC'),
    dsid: srpId,
    name: 'Desktop',
    description: 'Synchronisation of the organizer databases',
    protected: true,
    configuration: writeSyncConfiguration({ address, srpId, databases }),
  }
}
