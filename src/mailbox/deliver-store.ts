/** Into the mailboxes of the embedded mail server: one commit for all recipients of a mail. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { MailStore } from '#store/mail.ts'
import { type Deliverer, NotTaken } from './deliver.ts'

export function storeDeliverer(store: Pick<MailStore, 'findAccount' | 'deliver'>): Deliverer {
  return {
    handsOn: false,
    accepts: async (address: MailAddress) => {
      if (!(await store.findAccount(address))) throw unknownUser(address)
    },
    deliver: async ({ recipients, raw, nowMs }) => {
      try {
        return (await store.deliver({ recipients, raw, nowMs })).length
      } catch (error) {
        throw inAnswers(error)
      }
    },
    probe: async () => {},
    close: async () => {},
  }
}

const unknownUser = (detail: string, cause?: unknown): NotTaken =>
  new NotTaken('user.unknown', { code: 550, text: '5.1.1 No such user here' }, detail, cause)

function inAnswers(error: unknown): unknown {
  if (!(error instanceof Fault)) return error
  if (error.code === 'user.unknown') return unknownUser(error.detail, error)
  if (error.code !== 'store.full') return error
  const answer = { code: 452, text: '4.3.1 Insufficient system storage' }
  return new NotTaken('store.full', answer, error.detail, error)
}
