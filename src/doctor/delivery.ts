/** The mail server that mail is handed on to: whether it answers, and whether it would take a user's mail. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import type { Deliverer } from '#mailbox/deliver.ts'

/** @param sample a user whose mailbox is asked about; null: there is none. No mail is sent. */
export async function checkDelivery(
  name: string,
  deliverer: Pick<Deliverer, 'probe' | 'accepts'>,
  sample: MailAddress | null,
): Promise<Check[]> {
  try {
    await deliverer.probe()
  } catch (error) {
    return [broken(name, error)]
  }
  const answers = fine(name, 'Answers.')
  if (!sample) return [answers]
  const recipient = `${name} for ${sample}`
  try {
    await deliverer.accepts(sample, '')
    return [answers, fine(recipient, 'Takes mail.')]
  } catch (error) {
    return [answers, broken(recipient, error)]
  }
}

const broken = (name: string, error: unknown): Check =>
  fromFault(name, 'broken', faultCodeOf(error), null, error instanceof Fault ? error.detail : String(error))
