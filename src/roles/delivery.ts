/** Where the mail goes that this installation's SMTP server accepts, as it is configured. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { Config } from '#config/schema.ts'
import type { Log } from '#kernel/log.ts'
import type { Deliverer } from '#mailbox/deliver.ts'
import { appendDeliverer } from '#mailbox/deliver-append.ts'
import { lmtpDeliverer } from '#mailbox/deliver-lmtp.ts'
import { storeDeliverer } from '#mailbox/deliver-store.ts'
import { makePool } from '#mailbox/pool.ts'
import { type DeliveryTrouble, watchDeliverer } from '#mailbox/watched-deliverer.ts'
import type { Base } from './base.ts'
import { caIn } from './tls.ts'
import { watchedServer } from './watch-options.ts'

export interface Delivery {
  readonly deliverer: Deliverer
  /** Empty where mail goes into our own store: that is looked at as the database. */
  health(): readonly Check[]
}

/**
 * The way of `[delivery]`; nothing is connected before the first mail. `stepMsMax` is for who has less patience than
 * the configuration. @throws Fault config.invalid
 */
export async function openDelivery(
  base: Base,
  log: Log,
  stepMsMax = Number.POSITIVE_INFINITY,
): Promise<Delivery> {
  if (base.config.delivery.to === 'store')
    return { deliverer: storeDeliverer(base.store.mail), health: () => [] }
  const deliverer = watchDeliverer(await handingOn(base, stepMsMax), { ...base, log })
  return { deliverer, health: () => [deliveryHealth(base.config, deliverer.trouble())] }
}

async function handingOn(base: Base, stepMsMax: number): Promise<Deliverer> {
  const { config, clock, random } = base
  const { delivery, smtp } = config
  const stepMs = Math.min(stepMsMax, delivery.timeout_seconds * 1000)
  const times = { stepMs, answerMs: delivery.answer_seconds * 1000 }
  if (delivery.to === 'append') {
    const { server, access } = await watchedServer(base, null)
    const pool = makePool({ server, connectionsMax: delivery.connections, clock, random })
    return appendDeliverer({ pool, access, clock, stepMs })
  }
  const { host, port, socket, tls, ca_file } = delivery
  return lmtpDeliverer({
    server: {
      place: socket ? { socket } : { host, port },
      tls: socket ? 'none' : tls,
      trust: { serverName: host, ...caIn(ca_file) },
      name: smtp.hostname,
    },
    times,
    connectionsMax: delivery.connections,
    clock,
  })
}

/** The hop as the administrator calls it: `LMTP to /run/dovecot/lmtp`. */
export function deliveryName({ delivery, imap }: Config): string {
  if (delivery.to === 'append') return `delivery by IMAP APPEND to ${imap.host}:${imap.port}`
  return `delivery by LMTP to ${delivery.socket || `${delivery.host}:${delivery.port}`}`
}

function deliveryHealth(config: Config, trouble: DeliveryTrouble | null): Check {
  const name = deliveryName(config)
  if (!trouble) return fine(name, 'Senders hear 250 when it has the mail.')
  return fromFault(name, 'broken', trouble.code, trouble.sinceMs, trouble.detail)
}
