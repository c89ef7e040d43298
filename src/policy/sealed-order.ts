/** What an administrator orders a handheld to do, as it is kept until it is signed: sealed, since it may hold a password. */
import { fromUtf8, utf8 } from '#kernel/bytes.ts'
import type { Vault } from '#kernel/vault.ts'
import type { Order } from '#protocol/it-command.ts'

export const orderContext = (pin: string): string => `command/${pin}`

export const sealOrder = (vault: Vault, pin: string, order: Order): Uint8Array =>
  vault.seal(orderContext(pin), utf8(JSON.stringify(order)))

/** Null where the storage key is another one. */
export function openOrder(vault: Vault, pin: string, sealed: Uint8Array): Order | null {
  const plain = vault.open(orderContext(pin), sealed)
  const json = plain && fromUtf8(plain)
  return json ? (JSON.parse(json) as Order) : null
}
