/** Which handhelds the next activation of a user takes the place of, by the number a user may have. */
import type { Pin } from '#kernel/brand.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import type { AdminParts } from '../ports.ts'

export type GivingWayParts = Pick<AdminParts, 'store' | 'handheldsPerUser'>

/**
 * @param by the handheld that the password is bound to; null: it may be any, one of these too, which then stays
 * @returns those that have to give way to a handheld that is none of the user's, the newest first
 */
export async function givingWay(
  { store, handheldsPerUser }: GivingWayParts,
  userId: number,
  by: Pin | null,
): Promise<readonly Pin[]> {
  const active = (await store.handhelds.byUser(userId)).filter(({ state }) => state === 'active')
  return active
    .toSorted((a: HandheldAccount, b) => b.activatedAtMs - a.activatedAtMs)
    .map(({ pin }) => pin)
    .filter((pin) => pin !== by)
    .slice(handheldsPerUser - 1)
}
