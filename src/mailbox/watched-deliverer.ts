/** Notes what becomes of mail that is handed on: counts it, and knows since when the other side is away. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { LabelsOf } from '#kernel/metric-table.ts'
import type { Metrics } from '#kernel/metrics.ts'
import { type Deliverer, type MailToDeliver, NotTaken } from './deliver.ts'

export interface DeliveryTrouble {
  readonly code: FaultCode
  readonly detail: string
  readonly sinceMs: number
}

export interface WatchedDeliverer extends Deliverer {
  /** Null: the other side answered when it was last asked, or was not asked yet. */
  trouble(): DeliveryTrouble | null
}

type Outcome = LabelsOf<'postkey_delivery_mails_total'>['outcome']

export function watchDeliverer(
  deliverer: Deliverer,
  { clock, log, metrics }: { readonly clock: Clock; readonly log: Log; readonly metrics: Metrics },
): WatchedDeliverer {
  let trouble: DeliveryTrouble | null = null
  const answered = (): void => {
    if (trouble) log.info({ code: trouble.code }, 'the mail server takes mail again')
    trouble = null
  }
  const failed = (error: unknown): Outcome => {
    const outcome = outcomeOf(error)
    if (outcome !== 'away') {
      answered()
      return outcome
    }
    const code = faultCodeOf(error)
    const detail = error instanceof NotTaken ? error.detail : String(error)
    if (trouble?.code !== code) log.warn({ code, detail }, 'mail cannot be handed on')
    trouble = { code, detail, sinceMs: trouble?.sinceMs ?? clock.nowMs() }
    return outcome
  }
  const count = (outcome: Outcome): void => metrics.count('postkey_delivery_mails_total', { outcome })
  return {
    ...deliverer,
    trouble: () => trouble,
    accepts: async (address: MailAddress, sender: string) => {
      try {
        await deliverer.accepts(address, sender)
        answered()
      } catch (error) {
        const outcome = failed(error)
        // A recipient that is not there is no mail.
        if (outcome !== 'refused') count(outcome)
        throw error
      }
    },
    deliver: async (mail: MailToDeliver) => {
      try {
        const mailboxes = await deliverer.deliver(mail)
        answered()
        count('delivered')
        return mailboxes
      } catch (error) {
        count(failed(error))
        throw error
      }
    },
  }
}

/** A 4xx or 5xx of the other side's own is an answer; everything else means that it is away. */
function outcomeOf(error: unknown): Outcome {
  const code = faultCodeOf(error)
  if (code === 'delivery.refused' || code === 'delivery.no_user') return 'refused'
  return code === 'delivery.put_off' ? 'put_off' : 'away'
}
