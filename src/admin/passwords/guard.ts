/** A guarded password: who has tried under it, and how an administrator lets one handheld through. */
import { failsOf, type Grant, isApproved, isGuarded, isLive, totalFails } from '#activation/grant.ts'
import { Fault } from '#kernel/fault.ts'
import type { KeptGrant } from '#store/users.ts'
import { findUser, shortened, typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { ApprovedHandheld, GuardView } from '../views.ts'

const seenMax = 100

type Parts = Pick<AdminParts, 'store' | 'clock'>

/** Null where no live password is guarded. */
export async function guardView({ store, clock }: Parts, kept: KeptGrant | null): Promise<GuardView | null> {
  if (!kept || !isLive(kept.grant, clock.nowMs()) || !isGuarded(kept.grant)) return null
  const { grant, userId } = kept
  const seen = await store.activations.pinsUnder({ userId, grantId: grant.id }, seenMax)
  return { wrongTries: totalFails(grant), seen: seen.map((one) => ({ ...one, ...standing(grant, one.pin) })) }
}

const standing = (grant: Grant, pin: ApprovedHandheld['pin']) => ({
  wrongTries: failsOf(grant, pin),
  approved: isApproved(grant, pin),
})

/** @throws Fault user.unknown, password.none, admin.usage */
export async function approve(
  { store, clock, log }: Parts & Pick<AdminParts, 'log'>,
  address: string,
  typed: string,
): Promise<ApprovedHandheld> {
  const user = await findUser(store.users, address)
  const pin = typedPin(typed)
  if (!pin) throw new Fault('admin.usage', `a PIN has eight hex digits: ${shortened(typed)}`)
  const waiting = await store.users.approve(user.id, pin, clock.nowMs())
  if (waiting === null) throw new Fault('password.none', user.address)
  log.info({ user: user.address, pin, waiting }, 'a handheld was approved')
  return { address: user.address, pin, waiting }
}
