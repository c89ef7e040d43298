/** A handheld that works for a user, as an activation leaves it in the store. */
import assert from 'node:assert/strict'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { Store } from '#store/store.ts'

export interface AtWork {
  readonly pin: Pin
  readonly kid: number
  readonly userId: number
}

/** Adds the user where there is none; policy and books of number 1 are applied. */
export async function addHandheld(
  store: Store,
  nowMs: number,
  pin = '2100AB3F' as Pin,
  address = 'hana@example.test' as MailAddress,
  sealed: (pin: Pin, kid: number) => Uint8Array = () => new Uint8Array(32),
  perUserMax = 10,
): Promise<AtWork> {
  const user =
    (await store.users.byAddress(address))?.id ??
    (await store.users.add({ address, displayName: 'Hana', aliases: [], nowMs }))
  assert(user !== null)
  const txn = `${pin}${'0'.repeat(24)}`.toLowerCase() as ActivationId
  const kid = (Number.parseInt(pin, 16) + (nowMs % 1_000)) % 1_000_000_007
  const window = encodeReplayWindow(emptyReplayWindow)
  await store.activations.commit({
    nowMs,
    addKey: { pin, kid, suite: 1, txn, sealed: sealed(pin, kid), window, nextSeq: 1 },
  })
  await store.activations.commit({
    nowMs,
    keyCurrent: { pin, kid },
    account: {
      kind: 'activated',
      account: {
        pin,
        userId: user,
        txn,
        model: 'Postkey Terminal',
        software: '1.0',
        platform: 'test',
        deviceKey: '00'.repeat(32),
        activatedAtMs: nowMs,
      },
      perUserMax,
    },
  })
  for (const what of ['policy', 'books'] as const) {
    await store.activations.commit({
      nowMs,
      account: { kind: 'sent', pin, what, number: 1, digest: `${what} of the activation` },
    })
    await store.activations.commit({ nowMs, account: { kind: 'applied', pin, what, number: 1 } })
  }
  return { pin, kid, userId: user }
}
